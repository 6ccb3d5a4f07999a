import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { applyParams, explainParams } from '../../src/core/params.ts'
import { chatSchema } from '../../src/core/request-schema.ts'
import { resolveSettings, settingNames, settings } from '../../src/core/settings.ts'

describe('the table of settings', () => {
  test('is where the fields of a request, the parameter maps and the explanations come from', () => {
    const fields = chatSchema.fields()
    for (const name of settingNames) expect(fields[name]).toBe(settings[name].schema)
    expect(explainParams({}).map(({ setting }) => setting)).toEqual(settingNames)
  })

  test('every row says what the setting is', () => {
    const source = readFileSync('src/core/settings.ts', 'utf8')
    for (const name of settingNames)
      expect(source).toMatch(new RegExp(`\\n  /\\*\\* [A-Z].*\\. \\*/\\n  ${name}: `))
  })

  test('a setting without a rule is dropped with one reason, before the call and in it', () => {
    const target = { provider: 'p', model: 'm', params: {}, encode: {}, quirks: {} }
    const [warning] = applyParams({ topK: 4 }, target, {})
    const why = explainParams({}).find(({ setting }) => setting === 'topK')?.why
    expect(warning?.message).toBe(`topK was not sent to p (m): ${why}`)
    expect(why).toBe('not in this wire format')
  })
})

describe('resolved settings', () => {
  test.each([
    [{ stop: 'END' }, { stop: ['END'] }],
    [{ tools: [] }, {}],
    [{ topLogprobs: 3 }, { topLogprobs: 3, logprobs: true }],
    [
      { topLogprobs: 3, logprobs: false },
      { topLogprobs: 3, logprobs: false },
    ],
    [{ reasoning: true }, { reasoning: { effort: 'medium' } }],
    [{ toolChoice: 'none' as const, temperature: undefined }, { toolChoice: 'none' }],
  ])('%j', (given, expected) => {
    const resolved = resolveSettings(given)
    expect(JSON.parse(JSON.stringify(resolved))).toEqual(expected)
  })

  test('a choice is held against the tools that were given', () => {
    expect(() => resolveSettings({ toolChoice: { name: 'f' } })).toThrow('which is not among the tools')
    const tools = [{ name: 'f' }]
    expect(resolveSettings({ toolChoice: { name: 'f' }, tools }).toolChoice).toEqual({ name: 'f' })
  })
})
