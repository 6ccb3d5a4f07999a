import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { Settings } from '../../src/core/request.ts'
import { schema, send, tools } from './anthropic-messages-send.ts'

describe('thinking with a budget', () => {
  const thinking = (budget: number): JsonObject => ({ type: 'enabled', budget_tokens: budget })

  test.each<readonly [string, Settings, readonly [number, number], readonly string[]]>([
    ['an effort', { reasoning: 'medium' }, [16_384, 32_000], []],
    ['an effort that leaves too little for the answer', { reasoning: 'max' }, [49_152, 53_248], []],
    ['an effort within the limit', { reasoning: 'high', maxTokens: 8_000 }, [4_000, 8_000], []],
    ['an effort within a small limit', { reasoning: 'low', maxTokens: 1_500 }, [1_024, 1_500], []],
    [
      'an effort beside a limit with no room for thought',
      { reasoning: 'low', maxTokens: 500 },
      [1_024, 1_524],
      ['changed maxTokens'],
    ],
    ['a budget', { reasoning: { budgetTokens: 3_000 }, maxTokens: 4_000 }, [3_000, 4_000], []],
    ['a budget without a limit', { reasoning: { budgetTokens: 40_000 } }, [40_000, 44_096], []],
    [
      'a budget above the limit',
      { reasoning: { budgetTokens: 3_000 }, maxTokens: 1_000 },
      [3_000, 4_000],
      ['changed maxTokens'],
    ],
    [
      'a budget above what the model gives',
      { reasoning: { budgetTokens: 90_000 }, maxTokens: 2_000 },
      [62_000, 64_000],
      ['changed maxTokens', 'changed reasoning'],
    ],
    [
      'a budget that is too small',
      { reasoning: { budgetTokens: 10 } },
      [1_024, 32_000],
      ['changed reasoning'],
    ],
    [
      'a budget beside an effort',
      { reasoning: { effort: 'high', budgetTokens: 2_048 } },
      [2_048, 32_000],
      [],
    ],
  ])('%s', (_name, settings, [budget, limit], warned) => {
    const { body, warnings } = send(settings)
    expect(body['thinking']).toEqual(thinking(budget))
    expect(body['max_tokens']).toBe(limit)
    expect(warnings.map((warning) => warning.split(':')[0])).toEqual(warned)
  })

  test('samplers and a forced tool go, and that is said', () => {
    const settings: Settings = { reasoning: 'low', temperature: 0.5, topK: 3, tools, toolChoice: 'required' }
    const { body, warnings } = send({ ...settings, parallelToolCalls: false })
    expect(body).not.toHaveProperty('temperature')
    expect(body).not.toHaveProperty('top_k')
    expect(body['tool_choice']).toEqual({ type: 'auto', disable_parallel_tool_use: true })
    expect(warnings.map((warning) => warning.split(':')[0])).toEqual([
      'unsupported temperature',
      'unsupported topK',
      'changed toolChoice',
    ])
  })

  test('what fits thinking stays', () => {
    const { body, warnings } = send({ reasoning: 'low', temperature: 1, tools, toolChoice: 'none' })
    expect(body).toMatchObject({ temperature: 1, tool_choice: { type: 'none' } })
    expect(warnings).toEqual([])
    expect(send({ reasoning: 'low', topP: 0.97 }).body['top_p']).toBe(0.97)
  })

  test('a low top-p is raised, and that is said', () => {
    const { body, warnings } = send({ reasoning: 'low', topP: 0.5 })
    expect(body['top_p']).toBe(0.95)
    expect(warnings).toEqual([expect.stringMatching(/^changed topP: /)])
  })

  test('turned off, it bounds nothing', () => {
    const { body, warnings } = send({ reasoning: 'none', temperature: 0.5, topK: 3 })
    expect(body).toMatchObject({ temperature: 0.5, top_k: 3, max_tokens: 32_000 })
    expect(warnings).toEqual([])
  })

  test.each<readonly [string, object, boolean]>([
    ['signed here', { signature: 's', origin: 'anthropic-messages' }, true],
    ['of another format', { origin: 'gemini' }, false],
  ])('inside a tool round it goes on from a thought %s: %s', (_name, part, goesOn) => {
    const messages = [
      { role: 'user' as const, content: 'look' },
      {
        role: 'assistant' as const,
        content: [
          { type: 'reasoning' as const, text: 'Hm.', ...part },
          { type: 'tool-call' as const, id: 't1', name: 'look', arguments: {} },
        ],
      },
      { role: 'tool' as const, toolCallId: 't1', content: 'seen' },
    ]
    const { body, warnings } = send({ reasoning: 'low', tools }, { messages })
    expect('thinking' in body).toBe(goesOn)
    expect(warnings.some((warning) => warning.startsWith('unsupported reasoning: '))).toBe(!goesOn)
  })
})

describe('adaptive thinking', () => {
  const model = 'claude-opus-4-6'

  test.each<readonly [string, Settings['reasoning'], string | undefined, number]>([
    ['effort', 'high', 'high', 0],
    ['effort that the model lacks', 'xhigh', 'high', 1],
    ['effort below the weakest', 'minimal', 'low', 1],
    ['budget', { budgetTokens: 10_000 }, 'medium', 1],
    ['huge budget', { budgetTokens: 500_000 }, 'max', 1],
    ['effort and a budget', { effort: 'low', budgetTokens: 10_000 }, 'low', 0],
    ['wish alone', {}, undefined, 0],
  ])('%s', (_name, reasoning, effort, warned) => {
    const { body, warnings } = send({ reasoning }, { model })
    expect(body['thinking']).toEqual({ type: 'adaptive', display: 'summarized' })
    expect(body['output_config']).toEqual(effort === undefined ? undefined : { effort })
    expect(warnings).toHaveLength(warned)
  })

  test('stands beside a response format', () => {
    const { body } = send({ reasoning: 'low', responseFormat: { type: 'json', schema } }, { model })
    expect(body['output_config']).toMatchObject({ effort: 'low', format: { type: 'json_schema' } })
  })

  test('takes no samplers, and a forced tool', () => {
    const settings: Settings = { reasoning: 'low', temperature: 0.5, tools, toolChoice: { name: 'look' } }
    const { body, warnings } = send(settings, { model })
    expect(body).not.toHaveProperty('temperature')
    expect(body['tool_choice']).toEqual({ type: 'tool', name: 'look' })
    expect(warnings).toHaveLength(1)
  })
})
