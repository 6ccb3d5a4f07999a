import { describe, expect, test } from 'vitest'
import { LlmError } from '../../src/core/error.ts'
import type { Field, Group } from '../../src/core/schema.ts'
import { createChatHandler, createOpenAIHandler, toNodeHandler } from '../../src/delivery/http/index.ts'
import { createOrchestrator } from '../../src/index.ts'
import { deliveryFactories, type Factory } from './delivery-factories.ts'

const probes: Readonly<Record<string, unknown>> = {
  text: 'x',
  number: 1,
  boolean: true,
  null: null,
  function: () => undefined,
  list: [[]],
  object: { zz: 1 },
  NaN: Number.NaN,
  '-1': -1,
  Infinity,
  '-Infinity': -Infinity,
  '1.5': 1.5,
  '2**53': 2 ** 53,
}

/** Every field of a schema with its path, those of groups inside included. */
function fieldsOf(schema: Group, lead: readonly string[] = []): { path: readonly string[]; field: Field }[] {
  return Object.entries(schema.fields()).flatMap(([name, field]) => {
    const path = [...lead, name]
    return [{ path, field }, ...('fields' in field ? fieldsOf(field as Group, path) : [])]
  })
}

/** An object with a value at a path. */
function objectWith(path: readonly string[], value: unknown): object {
  const [name = '', ...rest] = path
  return { [name]: rest.length === 0 ? value : objectWith(rest, value) }
}

async function errorOf({ make }: Factory, options: object): Promise<unknown> {
  try {
    const made: unknown = await make(options as never)
    const { [Symbol.asyncDispose]: dispose } = (made ?? {}) as Partial<AsyncDisposable>
    await dispose?.call(made as AsyncDisposable)
    return undefined
  } catch (error) {
    return error
  }
}

/** A name that is one slip away from another. `stopp` would be as near to `topP`, and `nn` is too short to be near. */
function misspelt(name: string): string {
  return name === 'stop' || name === 'n' ? `${name}_` : name + name.slice(-1)
}

interface Harmless {
  /** What fields expect, or their names. */
  readonly fields: RegExp
  readonly probes: readonly string[]
  readonly why: string
}

/** Why the probes that a field accepts are right, or do no harm. */
const harmless: readonly Harmless[] = [
  {
    fields: /^(text|a name of 1|a URL, or text|a key: text|a reply)/,
    probes: ['text'],
    why: 'any text is right',
  },
  {
    fields: /^"text" or "json" or an object$/,
    probes: ['object'],
    why: 'the field of a JSON Schema is free',
  },
  {
    fields:
      /\.(extensions|book|extraBody|defaults\.logger|usage|logitBias|(?<!defaults\.)providerOptions|defaults\.credentials|responseFormat)$/,
    probes: ['object'],
    why: 'its names are free, or checked by the request of each call',
  },
  { fields: /^true or false/, probes: ['boolean'], why: 'a flag' },
  {
    fields: /^true or false, "none"/,
    probes: ['object'],
    why: 'the request of each call checks the names inside',
  },
  { fields: /^a function/, probes: ['function'], why: 'what a function takes is not visible' },
  {
    fields: /^(a key|a list of origins|a reply|an object or a function)/,
    probes: ['function'],
    why: 'a function may give the value',
  },
  {
    fields: /^createPromptLibrary\.templates$/,
    probes: ['list'],
    why: 'definePromptTemplate refuses its items with template-failed',
  },
  { fields: /^a (whole )?number(?! from 2 )/, probes: ['number'], why: '1 is within the bounds' },
  { fields: /^a number (of milliseconds|above 0 up to 2147483647)/, probes: ['1.5'], why: 'timers round' },
  { fields: /^a number from (-2|0) to 2$/, probes: ['1.5'], why: 'a setting of a request may be a fraction' },
  {
    fields: /^a number (of 0 or more|of milliseconds (of 0 or more|above 0), or Infinity|from 1 to 1048576)$/,
    probes: ['1.5'],
    why: 'a penalty, a time or a size may be a fraction',
  },
  {
    fields: /^a number (of milliseconds )?(of 0 or more|above 0)/,
    probes: ['2**53'],
    why: 'a penalty and a time have no maximum',
  },
  {
    fields: /^(a number from -2 to 2|a whole number)$/,
    probes: ['-1'],
    why: 'a penalty or a seed may be negative',
  },
  { fields: /allow\.maxTokens$/, probes: ['boolean'], why: 'true opens every number' },
  { fields: /, or Infinity$/, probes: ['Infinity'], why: 'a limit that can be turned off' },
]

const used = new Set<object>()
function isHarmless(name: string, { expected }: Field, probe: string): boolean {
  const found = harmless.filter(
    ({ fields, probes: listed }) => listed.includes(probe) && (fields.test(expected) || fields.test(name)),
  )
  for (const one of found) used.add(one)
  return found.length > 0
}

const cases = deliveryFactories.flatMap((factory) =>
  fieldsOf(factory.schema).map(({ path, field }) => {
    const whole = [factory.lead ?? [], path].flat().join('.')
    return { factory, path, field, whole, title: `${factory.name}: ${whole}` }
  }),
)

describe('a wrong value', () => {
  test.each(cases)('$title', async ({ factory, path, field, whole }) => {
    for (const [probe, value] of Object.entries(probes)) {
      const error = await errorOf(factory, objectWith(path, value))
      const issues = LlmError.is(error, 'misconfigured') ? (error.issues ?? []) : []
      const issue = issues.find((one) => one.path === whole || one.path.startsWith(`${whole}.`))
      if (isHarmless(`${factory.name}.${whole}`, field, probe)) {
        expect(issue, `${probe} is harmless`).toBeUndefined()
        continue
      }
      if (!LlmError.is(error, 'misconfigured')) throw new Error(`${probe} passes`, { cause: error })
      expect(error.message).toMatch(new RegExp(`^(${factory.name}|fake provider): .`))
      expect(`${probe}: ${issue?.message}`).toMatch(/: (must be |is missing|is not an option)/)
    }
  })
})

describe('a slip in a name', () => {
  // The list of steps is an argument without a name.
  test.each(cases.filter(({ factory }) => factory.name !== 'createMessagePipeline'))(
    '$title',
    async ({ factory, path, whole }) => {
      const name = path.at(-1) ?? ''
      const slip = [...path.slice(0, -1), misspelt(name)]
      const error = await errorOf(factory, objectWith(slip, 1))
      if (!LlmError.is(error, 'misconfigured')) throw new Error('passes', { cause: error })
      expect(error.issues).toContainEqual({
        path: whole.slice(0, -name.length) + misspelt(name),
        message: expect.stringContaining(`is not an option; did you mean "${name}"?`),
      })
    },
  )
})

test('every reason of the harmless list still applies, and enough cases are generated', () => {
  expect(harmless.filter((one) => !used.has(one))).toEqual([])
  expect(cases.length * (Object.keys(probes).length + 1)).toBeGreaterThan(6_000)
})

describe('the first argument of a handler', () => {
  const open = { authorize: 'open' } as const
  test.each([
    [
      'createOpenAIHandler',
      (wrong: never) => createOpenAIHandler(wrong, open),
      /orchestrator (is missing; )?must be an orchestrator, such as createOrchestrator returns/,
    ],
    [
      'createChatHandler',
      (wrong: never) => createChatHandler(wrong, open),
      /target (is missing; )?must be an orchestrator, a chat service, or an object with chatApiCall\(\) or respond\(\)/,
    ],
    [
      'toNodeHandler',
      (wrong: never) => toNodeHandler(wrong),
      /handler (is missing; )?must be a function of a Request, such as createOpenAIHandler returns/,
    ],
  ] as const)('%s says what it expects', (_name, make, message) => {
    for (const wrong of [undefined, null, {}, 7, 'orchestrator']) {
      expect(() => make(wrong as never)).toThrow(message)
      expect(() => make(wrong as never)).toThrow(expect.objectContaining({ kind: 'misconfigured' }))
    }
  })
})

describe('values that a field alone cannot judge', () => {
  const orchestrator = createOrchestrator({})
  test('cookies for every origin', () => {
    for (const origins of ['*', ['*']] as const)
      expect(() =>
        createOpenAIHandler(orchestrator, { authorize: 'open', cors: { origins, credentials: true } }),
      ).toThrow("createOpenAIHandler: cors.credentials is not allowed with origin '*'; list the origins")
  })

  test.each([0, null, true, 'origins', {}])('csrf: %j', (csrf) => {
    expect(() => createChatHandler(orchestrator, { authorize: 'open', csrf: csrf as never })).toThrow(
      expect.objectContaining({ kind: 'misconfigured' }),
    )
  })
})
