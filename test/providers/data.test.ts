import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { catalogue, type ProviderDefinition } from 'llm-switchyard'
import { createRegistry, type OpenAIChatQuirks } from 'llm-switchyard/adapter'
import { root, sourceFiles } from '../../scripts/entries.ts'
import { settingNames } from '../../src/core/params.ts'

const files = sourceFiles('src/providers').filter((path) => /^src\/providers\/(?!index)[^/]+$/.test(path))

/** A definition and each of its other wire formats, as a call would see it. */
function faces(definition: ProviderDefinition): readonly ProviderDefinition[] {
  const names = [undefined, ...Object.keys(definition.apis ?? {})]
  const registry = createRegistry([definition])
  return names.map((api) => registry.resolve({ provider: definition.id, model: 'm', api }).definition)
}

describe('the catalogue', () => {
  test('holds every provider file once, under an id that is its file name', () => {
    const ids = catalogue.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(ids)).toEqual(new Set(files.map((path) => /([^/]+)\.ts$/.exec(path)?.[1])))
  })

  test('has provider files of under 40 lines in the median', () => {
    const lengths = files.map((path) => readFileSync(join(root, path), 'utf8').split('\n').length - 1)
    const median = lengths.toSorted((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? Infinity
    expect(median).toBeLessThan(40)
  })
})

describe.each(catalogue.map((definition) => [definition.id, definition] as const))(
  '%s',
  (_id, definition) => {
    test('leads to https, or to this machine', () => {
      for (const { baseUrl } of faces(definition)) {
        if (baseUrl === undefined) continue
        const { protocol, hostname } = new URL(baseUrl.replaceAll(/\{\w+\}/g, 'x'))
        const local = hostname === 'localhost' || hostname === '127.0.0.1'
        expect([protocol, local ? 'here' : 'there']).toEqual(local ? ['http:', 'here'] : ['https:', 'there'])
        expect(baseUrl).not.toMatch(/\/$/)
      }
    })

    test('says where its reference is and when it was checked', () => {
      expect(definition.docs).toMatch(/^https:\/\/\S+$/)
      expect(definition.verifiedOn).toMatch(/^20\d\d-[01]\d-[0-3]\d$/)
      expect(definition.unverified ?? 'all is').toMatch(/^\S.*[^.\s]$/)
    })

    test('names its environment variables in capitals, and has some where a key is needed', () => {
      for (const face of faces(definition)) {
        const names = [
          ...(face.env ?? []),
          ...Object.values(face.variables ?? {}).flatMap(({ env = [] }) => env),
        ]
        for (const name of names) expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/)
        if (face.auth.type !== 'none') expect(face.env?.length ?? 0).toBeGreaterThan(0)
      }
    })

    test('knows every variable that stands in its addresses', () => {
      for (const { baseUrl = '', query = {}, variables = {} } of faces(definition)) {
        const derived = Object.values(variables).flatMap(({ from }) => Object.values(from?.values ?? {}))
        const places = [baseUrl, ...Object.values(query), ...derived].join(' ').matchAll(/\{(\w+)\}/g)
        for (const [, name = ''] of places) expect(Object.keys(variables)).toContain(name)
        for (const { from } of Object.values(variables))
          if (from !== undefined) expect(Object.keys(variables)).toContain(from.variable)
      }
    })

    test('drops with a reason, and sends under a name', () => {
      const registry = createRegistry([definition])
      for (const model of ['some-model', ...Object.keys(definition.models ?? {})]) {
        const explained = registry.explain(definition.id, model)
        expect(explained.map(({ setting }) => setting)).toEqual([...settingNames])
        for (const { action, to, why } of explained)
          expect(
            action === 'dropped' || action === 'converted'
              ? (why?.length ?? 0) > 5
              : /^[\w.]+$/.test(to ?? ''),
          ).toBe(true)
      }
    })

    // A switch goes to an object's field, a word to a word's: the two are said in different places.
    test('asks to think under the name that its way of asking has', () => {
      const registry = createRegistry([definition])
      const names: Readonly<Record<string, string>> = {
        effort: 'reasoning_effort',
        object: 'reasoning',
        switch: 'thinking',
        switch_and_effort: 'thinking',
        boolean: 'enable_thinking',
        template: 'chat_template_kwargs',
      }
      for (const model of ['some-model', ...Object.keys(definition.models ?? {})]) {
        const { dialect, params, quirks } = registry.resolve({ provider: definition.id, model })
        const rule = params.reasoning
        if (dialect.id !== 'openai-chat' || rule?.drop !== undefined) continue
        const style = (quirks as OpenAIChatQuirks).reasoningStyle ?? 'effort'
        expect({ model, to: rule?.to }).toEqual({ model, to: names[style] })
      }
    })

    test('says of its models what can be true', () => {
      for (const [pattern, { contextWindow = 1, maxOutput = 1 }] of Object.entries(definition.models ?? {})) {
        expect(pattern).toMatch(/^[\w.:@/*-]+$/)
        for (const count of [contextWindow, maxOutput])
          expect(Number.isInteger(count) && count > 0).toBe(true)
        if (contextWindow > 1) expect(maxOutput).toBeLessThanOrEqual(contextWindow)
      }
    })
  },
)
