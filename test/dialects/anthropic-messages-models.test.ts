import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { Settings } from '../../src/core/request.ts'
import { registry, schema, send, tools, type Sent } from './anthropic-messages-send.ts'

describe('models', () => {
  test.each<readonly [string, JsonObject, number]>([
    ['claude-opus-4-6', { thinking: { type: 'disabled' } }, 0],
    ['claude-opus-5', { thinking: { type: 'disabled' } }, 0],
    ['claude-haiku-5-5', { thinking: { type: 'disabled' } }, 0],
    ['claude-sonnet-5-5', { thinking: { type: 'between_tools' } }, 1],
    ['claude-opus-5-5', { output_config: { effort: 'low' } }, 1],
    ['claude-fable-5', { output_config: { effort: 'low' } }, 1],
    ['claude-3-5-sonnet-20241022', {}, 1],
  ])('%s with thinking turned off', (model, expected, warned) => {
    const { body, warnings } = send({ reasoning: 'none' }, { model })
    const { thinking, output_config } = body
    expect({ thinking, output_config }).toEqual({
      thinking: undefined,
      output_config: undefined,
      ...expected,
    })
    expect(warnings).toHaveLength(warned)
  })

  test.each(['claude-opus-4-7', 'claude-opus-4-8', 'claude-opus-5', 'claude-sonnet-5', 'claude-fable-5-2'])(
    '%s takes no sampling settings',
    (model) => {
      const { body, warnings } = send({ temperature: 0.5, topP: 0.5, topK: 5 }, { model })
      expect(body).toEqual(send({}, { model }).body)
      expect(warnings).toHaveLength(3)
    },
  )

  test.each(['claude-opus-4-6', 'claude-haiku-4-5-20251001', 'claude-next-9'])('%s takes them', (model) => {
    const { body, warnings } = send({ temperature: 0.5, topK: 5 }, { model })
    expect(body).toMatchObject({ temperature: 0.5, top_k: 5 })
    expect(warnings).toEqual([])
  })

  test.each([
    ['claude-opus-5', { type: 'any' }, 0],
    ['claude-fable-5', { type: 'any' }, 0],
    ['claude-opus-5-5', { type: 'auto' }, 1],
    ['claude-sonnet-5-5', { type: 'auto' }, 1],
    ['claude-fable-5-1', { type: 'auto' }, 1],
  ])('%s with a forced tool', (model, expected, warned) => {
    const { body, warnings } = send({ tools, toolChoice: 'required' }, { model })
    expect(body['tool_choice']).toEqual(expected)
    expect(warnings).toHaveLength(warned)
  })

  test('an older one has no structured outputs: a tool takes the answer', () => {
    const settings: Settings = {
      responseFormat: { type: 'json', schema },
      tools: [{ ...tools[0], strict: true }],
    }
    const { body, warnings } = send(settings, { model: 'claude-sonnet-4-20250514' })
    expect(body).not.toHaveProperty('output_config')
    expect(body['tools']).toEqual([
      { name: 'look', input_schema: tools[0].parameters },
      { name: 'answer', description: expect.any(String), input_schema: schema },
    ])
    expect(body['tool_choice']).toEqual({ type: 'any' })
    expect(warnings.map((warning) => warning.split(':')[0])).toEqual([
      'changed responseFormat',
      'changed tools',
    ])
  })

  test('what becomes of a setting can be read before the call', () => {
    const explained = registry.explain('anthropic', 'claude-opus-5')
    expect(explained.find(({ setting }) => setting === 'temperature')).toMatchObject({
      action: 'dropped',
      why: 'the model accepts no sampling settings',
    })
    expect(explained.find(({ setting }) => setting === 'maxTokens')).toMatchObject({
      to: 'max_tokens',
      required: 32_000,
      clamp: [1, 128_000],
    })
  })
})

describe('schemas', () => {
  const fit = (given: object): Sent => send({ responseFormat: { type: 'json', schema: given as JsonObject } })
  const schemaOf = ({ body }: Sent): unknown =>
    (body['output_config'] as { format: { schema: unknown } }).format.schema

  test('objects are closed, at every depth, and nothing is said of it', () => {
    const leaf = { type: 'object', properties: { n: { type: 'number' } }, additionalProperties: false }
    const sent = fit({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        list: { type: 'array', minItems: 1, items: { type: 'object', properties: {} } },
        either: { oneOf: [{ $ref: '#/$defs/leaf', description: 'beside' }, { type: 'null' }] },
        alone: { $ref: '#/$defs/leaf' },
        when: { type: 'string', format: 'date-time', default: '' },
        kind: { enum: ['a', 'b'] },
      },
      $defs: { leaf },
    })
    expect(schemaOf(sent)).toEqual({
      type: 'object',
      properties: {
        list: {
          type: 'array',
          minItems: 1,
          items: { type: 'object', properties: {}, additionalProperties: false },
        },
        either: { anyOf: [{ ...leaf, description: 'beside' }, { type: 'null' }] },
        alone: { $ref: '#/$defs/leaf' },
        when: { type: 'string', format: 'date-time', default: '' },
        kind: { enum: ['a', 'b'] },
      },
      $defs: { leaf },
      additionalProperties: false,
    })
    expect(sent.warnings).toEqual([])
  })

  test('limits move into descriptions, and that is said', () => {
    const sent = fit({
      type: 'object',
      properties: {
        age: { type: 'integer', minimum: 1, description: 'In years.' },
        tags: { type: 'array', items: { type: 'string', maxLength: 9 }, maxItems: 3 },
        more: { type: 'object', additionalProperties: { type: 'string' } },
      },
    })
    expect(schemaOf(sent)).toEqual({
      type: 'object',
      properties: {
        age: { type: 'integer', description: 'In years.\nMust satisfy minimum: 1.' },
        tags: {
          type: 'array',
          items: { type: 'string', description: 'Must satisfy maxLength: 9.' },
          description: 'Must satisfy maxItems: 3.',
        },
        more: {
          type: 'object',
          additionalProperties: false,
          description: 'Must satisfy additionalProperties: {"type":"string"}.',
        },
      },
      additionalProperties: false,
    })
    expect(sent.warnings).toEqual([
      expect.stringContaining(
        'minimum at age, maxLength at tags.items, maxItems at tags, additionalProperties at more',
      ),
    ])
  })

  test('strict tools are held to the same', () => {
    const parameters = { type: 'object', properties: { n: { type: 'number', maximum: 5 } } }
    const { body, warnings } = send({ tools: [{ name: 'pick', parameters, strict: true }] })
    expect(body['tools']).toEqual([
      {
        name: 'pick',
        strict: true,
        input_schema: {
          type: 'object',
          properties: { n: { type: 'number', description: 'Must satisfy maximum: 5.' } },
          additionalProperties: false,
        },
      },
    ])
    expect(warnings).toEqual([expect.stringContaining('tool pick: not enforced')])
  })

  test("a tool's arguments are an object, whatever its schema says", () => {
    const { body } = send({ tools: [{ name: 'pick', parameters: { properties: { n: {} } }, strict: false }] })
    expect(body['tools']).toEqual([
      { name: 'pick', strict: false, input_schema: { type: 'object', properties: { n: {} } } },
    ])
  })
})
