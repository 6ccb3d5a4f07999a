import { LlmError } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { publicFunctions, wrongKinds, type PublicFunction } from './typed-values.ts'

// Their only argument is an options object, whose every field is probed by the tests of wrong configurations.
const byOptions = ({ name, parameters }: PublicFunction): boolean =>
  /^(?:create|define)/.test(name) && parameters.length === 1

/**
 * Functions without a check of their own so far, by entry point: those of the core and of the browser client, whose bundles are
 * held small, and which run for every event. It may only become shorter.
 */
const unchecked: Readonly<Record<string, readonly string[]>> = {
  '.': ['createResponse', 'isContent'],
  './core': ['createResponse', 'isContent'],
  './adapter': ['collectResponse', 'estimateTokens', 'responseToEvents'],
  './client': ['escapeHtml', 'historyOf', 'readFrame', 'reduceFrames', 'safeLink', 'toolsOf', 'totalUsage'],
}

const modules = new Map<string, Readonly<Record<string, unknown>>>()

const functions: PublicFunction[] = []
for (const one of publicFunctions()) {
  // Some classes are exported as types alone.
  if (one.parameters.length > 0 && !byOptions(one) && (await load(one)) !== undefined) functions.push(one)
}

async function load({
  subpath,
  name,
}: PublicFunction): Promise<((...given: unknown[]) => unknown) | undefined> {
  const path = `llm-switchyard${subpath.slice(1)}`
  const module = modules.get(path) ?? ((await import(/* @vite-ignore */ path)) as Record<string, unknown>)
  modules.set(path, module)
  return module[name] as ((...given: unknown[]) => unknown) | undefined
}

/** What is not an `LlmError` of the calls of one function with one argument of a wrong kind each. */
async function faultsOf(one: PublicFunction): Promise<string[]> {
  const called = await load(one)
  if (called === undefined) return []
  const faults: string[] = []
  for (const [at, { name, refused }] of one.parameters.entries())
    for (const kind of refused) {
      const given = one.parameters.map(({ valid }, index) => (index === at ? wrongKinds[kind] : valid()))
      try {
        await (one.isClass ? Reflect.construct(called, given) : called(...given))
      } catch (error) {
        if (!LlmError.is(error)) faults.push(`${name} = ${kind}: ${String(error)}`)
      }
    }
  return faults
}

describe.each(Object.entries(Object.groupBy(functions, ({ subpath }) => subpath)))(
  '%s',
  (subpath, own = []) => {
    const open = new Set(unchecked[subpath])
    test.each(own.filter(({ name }) => !open.has(name)).map((one) => [one.name, one] as const))(
      '%s: an argument of a wrong kind is an LlmError, or harmless',
      async (_name, one) => {
        expect(await faultsOf(one)).toEqual([])
      },
    )

    test('what is still unchecked exists, and is not checked', async () => {
      const found = own.filter(({ name }) => open.has(name))
      expect(found.map(({ name }) => name).toSorted()).toEqual([...open].toSorted())
      for (const one of found)
        expect({ name: one.name, faults: await faultsOf(one) }).not.toEqual({ name: one.name, faults: [] })
    })
  },
)
