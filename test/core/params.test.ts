import { describe, expect, test } from 'vitest'
import { LlmError } from '../../src/core/error.ts'
import type { JsonDraft } from '../../src/core/json.ts'
import {
  applyParams,
  explainParams,
  applyUnsupportedPolicy,
  mergeParams,
  settingNames,
  type ParamMap,
} from '../../src/core/params.ts'

const target = (params: ParamMap) => ({ provider: 'p', model: 'm', params, encode: {}, quirks: {} })
const apply = (
  params: ParamMap,
  settings: object,
): { body: JsonDraft; warnings: readonly { message: string; type: string }[] } => {
  const body: JsonDraft = {}
  return { body, warnings: applyParams(settings, target(params), body) }
}

describe('the verbs of a parameter map', () => {
  test('to: a dotted path makes the objects on the way', () => {
    expect(apply({ topK: { to: 'generationConfig.topK' } }, { topK: 3 })).toEqual({
      body: { generationConfig: { topK: 3 } },
      warnings: [],
    })
  })
  test('clamp: moves to the edge and says so', () => {
    const { body, warnings } = apply(
      { temperature: { to: 'temperature', clamp: [0, 1] } },
      { temperature: 1.5 },
    )
    expect(body).toEqual({ temperature: 1 })
    expect(warnings).toMatchObject([{ type: 'changed', message: expect.stringContaining('1.5') as string }])
  })
  test('values: words are renamed', () => {
    expect(
      apply({ toolChoice: { to: 'tool_choice', values: { required: 'any' } } }, { toolChoice: 'required' })
        .body,
    ).toEqual({ tool_choice: 'any' })
  })
  test('fixed: sent always, a different wish is told', () => {
    const map: ParamMap = { n: { to: 'n', fixed: 1 } }
    expect(apply(map, {})).toEqual({ body: { n: 1 }, warnings: [] })
    expect(apply(map, { n: 1 }).warnings).toEqual([])
    expect(apply(map, { n: 4 })).toMatchObject({ body: { n: 1 }, warnings: [{ type: 'changed' }] })
  })
  test('required: sent when nothing was asked for', () => {
    const map: ParamMap = { maxTokens: { to: 'max_tokens', required: 4096 } }
    expect(apply(map, {}).body).toEqual({ max_tokens: 4096 })
    expect(apply(map, { maxTokens: 5 }).body).toEqual({ max_tokens: 5 })
  })
  test('drop, and a setting no map speaks of: a warning with the reason', () => {
    const { body, warnings } = apply({ topK: { drop: 'because' } }, { topK: 1, minP: 0.1 })
    expect(body).toEqual({})
    expect(warnings.map(({ type, message }) => [type, message.includes('because')])).toEqual([
      ['unsupported', true],
      ['unsupported', false],
    ])
  })
  test('a path that would reach a prototype is not followed', () => {
    apply({ topK: { to: '__proto__.polluted' } }, { topK: 1 })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('layers', () => {
  test('a later destination lifts an earlier drop; a later drop wins', () => {
    const lifted = mergeParams({ topK: { drop: 'no' } }, { topK: { to: 'top_k' } })
    expect(explainParams(lifted).find(({ setting }) => setting === 'topK')).toMatchObject({
      action: 'sent',
      to: 'top_k',
    })
    const dropped = mergeParams(lifted, { topK: { drop: 'not here' } })
    expect(explainParams(dropped).find(({ setting }) => setting === 'topK')).toMatchObject({
      action: 'dropped',
      why: 'not here',
    })
  })
  test('explain speaks of every setting', () => {
    expect(explainParams({}).map(({ setting }) => setting)).toEqual([...settingNames])
  })
})

describe('onUnsupported', () => {
  const warnings = [{ type: 'unsupported', setting: 'topK', message: 'topK was not sent' }] as const
  const where = { provider: 'p', model: 'm' }
  test('warn and drop pass on what was lost, error refuses', () => {
    expect(applyUnsupportedPolicy(warnings, 'warn', where)).toHaveLength(1)
    // The response lists it; the stream does not tell it.
    expect(applyUnsupportedPolicy(warnings, 'drop', where)).toHaveLength(1)
    try {
      applyUnsupportedPolicy(warnings, 'error', where)
      expect.unreachable()
    } catch (error) {
      expect(LlmError.is(error, 'unsupported') && error.issues).toEqual([
        { path: 'topK', message: 'topK was not sent' },
      ])
    }
  })
})
