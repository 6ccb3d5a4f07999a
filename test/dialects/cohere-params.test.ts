import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { settingNames } from '../../src/core/params.ts'
import type { Settings } from '../../src/core/request.ts'
import { cohere } from '../../src/providers/cohere.ts'
import { sendTo, type Sent } from './sent.ts'

const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] } as const
const look = { name: 'look', description: 'Looks.', parameters: schema } as const
const now = { name: 'now' } as const
const written = {
  look: { type: 'function', function: { name: 'look', description: 'Looks.', parameters: schema } },
  now: { type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } },
}

function send(settings: Settings, model = 'command-a-plus-05-2026', stream = false): Sent {
  return sendTo(cohere, settings, { model, stream })
}

test('nothing asked for: model, messages, mode', () => {
  const body = { model: 'command-a-plus-05-2026', messages: [{ role: 'user', content: 'hi' }] }
  expect(send({}).body).toEqual({ ...body, stream: false })
  expect(send({}, undefined, true).body).toEqual({ ...body, stream: true })
})

describe('what is sent', () => {
  test.each<readonly [Settings, JsonObject]>([
    [{ maxTokens: 50 }, { max_tokens: 50 }],
    [{ temperature: 0.3 }, { temperature: 0.3 }],
    [{ topP: 0.5 }, { p: 0.5 }],
    [{ topK: 5 }, { k: 5 }],
    [{ stop: 'END' }, { stop_sequences: ['END'] }],
    [{ seed: 7 }, { seed: 7 }],
    [{ frequencyPenalty: 0.5 }, { frequency_penalty: 0.5 }],
    [{ presencePenalty: 0.5 }, { presence_penalty: 0.5 }],
    [{ logprobs: true }, { logprobs: true }],
    [{ responseFormat: 'text' }, { response_format: { type: 'text' } }],
    [{ responseFormat: 'json' }, { response_format: { type: 'json_object' } }],
    [
      { responseFormat: { type: 'json', schema } },
      { response_format: { type: 'json_object', json_schema: schema } },
    ],
    [{ tools: [look, now] }, { tools: [written.look, written.now] }],
    [{ tools: [{ ...look, strict: true }] }, { tools: [written.look], strict_tools: true }],
    [{ tools: [now], toolChoice: 'none' }, { tool_choice: 'NONE' }],
    [{ tools: [now], toolChoice: 'required' }, { tool_choice: 'REQUIRED' }],
    [
      { tools: [look, now], toolChoice: { name: 'now' } },
      { tools: [written.now], tool_choice: 'REQUIRED' },
    ],
    [{ reasoning: { budgetTokens: 500 } }, { thinking: { type: 'enabled', token_budget: 500 } }],
    [{ reasoning: { effort: 'high', budgetTokens: 500 } }, { thinking: { token_budget: 500 } }],
    [{ reasoning: { budgetTokens: 0 } }, { thinking: { type: 'disabled' } }],
    [{ reasoning: 'none' }, { thinking: { type: 'disabled' } }],
  ])('%j', (settings, fields) => {
    const { body, warnings } = send(settings)
    expect(body).toMatchObject(fields)
    expect(warnings).toEqual([])
  })

  test('auto is what the format does when no choice is sent', () => {
    expect(send({ tools: [now], toolChoice: 'auto' })).toEqual(send({ tools: [now] }))
  })
})

describe('what is changed, and said', () => {
  test.each<readonly [Settings, JsonObject]>([
    [{ temperature: 1.5 }, { temperature: 1 }],
    [{ topP: 1 }, { p: 0.99 }],
    [{ topP: 0 }, { p: 0.01 }],
    [{ topK: 1000 }, { k: 500 }],
    [{ seed: -1 }, { seed: 0 }],
    [{ frequencyPenalty: -1 }, { frequency_penalty: 0 }],
    [{ presencePenalty: 2 }, { presence_penalty: 1 }],
    [{ stop: ['1', '2', '3', '4', '5', '6'] }, { stop_sequences: ['1', '2', '3', '4', '5'] }],
    [{ reasoning: 'high' }, { thinking: { type: 'enabled' } }],
    [{ tools: [{ ...look, strict: true }, now] }, { strict_tools: true }],
  ])('%j', (settings, fields) => {
    const [setting = ''] = Object.keys(settings)
    const { body, warnings } = send(settings)
    expect(body).toMatchObject(fields)
    expect(warnings).toEqual([expect.stringMatching(`^${setting}: `)])
  })
})

describe('what is not sent, and said why', () => {
  test.each<Settings>([
    { minP: 0.1 },
    { repetitionPenalty: 1.1 },
    { logitBias: { '1': 5 } },
    { n: 2 },
    { parallelToolCalls: false },
    { user: 'u-1' },
    { metadata: { a: 'b' } },
    { toolChoice: 'required' },
  ])('%j', (settings) => {
    const [setting = ''] = Object.keys(settings)
    const { body, warnings } = send(settings)
    expect(body).toEqual(send({}).body)
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${setting}: .*not sent.*: \\w`))])
  })

  test('the likeliest others of each token', () => {
    const { body, warnings } = send({ topLogprobs: 3 })
    expect(body).toMatchObject({ logprobs: true })
    expect(warnings).toEqual([expect.stringMatching(/^topLogprobs: /)])
  })

  test('a response format beside tools', () => {
    const { body, warnings } = send({ tools: [now], responseFormat: 'json' })
    expect(body).not.toHaveProperty('response_format')
    expect(warnings).toEqual([expect.stringMatching(/^responseFormat: .*together with tools/)])
  })

  test('reasoning, to a model that does not think', () => {
    const { body, warnings } = send({ reasoning: 'high' }, 'command-r-08-2024')
    expect(body).not.toHaveProperty('thinking')
    expect(warnings).toEqual([expect.stringMatching(/^reasoning: /)])
  })

  test('every setting is in the map', () => {
    expect(Object.keys(cohere.dialect.params).toSorted()).toEqual([...settingNames].toSorted())
  })
})
