import { chatApiCall, type ChatRequest, type ChatResponse, type Transport } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { fitTools } from '../../src/core/fit/enforce-schema.ts'
import { fitSchema } from '../../src/core/fit/schema.ts'
import { restoreValue } from '../../src/core/fit/schema-values.ts'
import type { JsonDraft, JsonObject, JsonValue } from '../../src/core/json.ts'
import { claudeSchemas } from '../../src/dialects/claude-schemas.ts'
import { openaiStrictSchema } from '../../src/dialects/strict-schemas.ts'

const MESSAGES = [{ role: 'user', content: 'Hi' }] as const

/** The response to a call whose server says `message`. */
async function answered(request: Partial<ChatRequest>, message: JsonObject): Promise<ChatResponse> {
  const reply = { choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop' }] }
  let bytes: Uint8Array | null = new TextEncoder().encode(JSON.stringify(reply))
  const read = async (): Promise<Uint8Array | null> => {
    const piece = bytes
    bytes = null
    return piece
  }
  const transport: Transport = {
    send: async () => ({ status: 200, header: () => undefined, body: { read, cancel: () => undefined } }),
  }
  const whole = { model: 'openai/gpt-4.1', apiKey: 'k', messages: [...MESSAGES], ...request }
  return chatApiCall({ ...whole, stream: false, transport })
}

function calling(name: string, args: JsonValue): JsonObject {
  const call = { id: 'c1', type: 'function', function: { name, arguments: JSON.stringify(args) } }
  return { content: null, tool_calls: [call] }
}

const person = z.object({
  name: z.string(),
  nick: z.string().optional(),
  died: z.string().nullable(),
  homes: z.array(z.object({ town: z.string(), zip: z.string().optional() })).optional(),
})
const said = { name: 'A', nick: null, died: null, homes: [{ town: 'B', zip: null }] }
const meant = { name: 'A', died: null, homes: [{ town: 'B' }] }

describe('nulls of optional properties', () => {
  test('are not in the arguments of a strict tool', async () => {
    const tools = [{ name: 'save', parameters: person, strict: true }]
    const { toolCalls } = await answered({ tools }, calling('save', said))
    expect(toolCalls[0]?.arguments).toEqual(meant)
  })

  test('are in the arguments of another, as the model wrote them', async () => {
    const { toolCalls } = await answered(
      { tools: [{ name: 'save', parameters: person }] },
      calling('save', said),
    )
    expect(toolCalls[0]?.arguments).toEqual(said)
  })

  test('are not in the object of an answer, which is then valid', async () => {
    const responseFormat = { type: 'json', schema: person, strict: true } as const
    const { object, warnings } = await answered({ responseFormat }, { content: JSON.stringify(said) })
    expect(object).toEqual(meant)
    expect(warnings).toEqual([])
  })

  test.each<[string, JsonDraft, JsonValue, JsonValue]>([
    ['null is a type', { properties: { a: { type: ['string', 'null'] } } }, { a: null }, { a: null }],
    ['null is a value', { properties: { a: { enum: ['x', null] } } }, { a: null }, { a: null }],
    [
      'null is a variant',
      { properties: { a: { anyOf: [{ type: 'string' }, { type: 'null' }] } } },
      { a: null },
      { a: null },
    ],
    ['OpenAPI', { properties: { a: { type: 'string', nullable: true } } }, { a: null }, { a: null }],
    ['anything goes', { properties: { a: {}, b: true } }, { a: null, b: null }, { a: null, b: null }],
    ['not in the schema', { properties: { a: { type: 'string' } } }, { z: null }, { z: null }],
    [
      'a variant',
      { oneOf: [{ properties: { a: { type: 'string' } } }, { properties: { b: { const: 1 } } }] },
      { a: null, b: 1 },
      { b: 1 },
    ],
    ['all of', { allOf: [{ properties: { a: { type: 'string' } } }] }, { a: null }, {}],
    [
      'a tuple',
      { properties: { a: { prefixItems: [{ properties: { b: { type: 'string' } } }] } } },
      { a: [{ b: null }] },
      { a: [{}] },
    ],
    [
      'recursion',
      { properties: { n: { $ref: '#' }, a: { type: 'string' } } },
      { n: { n: null, a: 'x' }, a: null },
      { n: { a: 'x' } },
    ],
    ['a list with nulls', { items: { type: ['string', 'null'] } }, { value: ['x', null] }, ['x', null]],
  ])('%s', (_name, schema, value, expected) => {
    expect(restoreValue(value, schema)).toEqual(expected)
  })
})

describe('a value that is no object', () => {
  test.each<[string, z.ZodType, JsonValue]>([
    ['a list', z.array(z.string()), ['a']],
    ['a text', z.enum(['a', 'b']), 'b'],
    ['a union of texts and numbers', z.union([z.string(), z.number()]), 3],
  ])('%s comes out of the object that it was put into', async (_name, schema, value) => {
    const responseFormat = { type: 'json', schema } as const
    const inside = await answered({ responseFormat }, { content: JSON.stringify({ value }) })
    expect(inside.object).toEqual(value)
    expect(inside.warnings).toEqual([
      expect.objectContaining({
        type: 'changed',
        setting: 'responseFormat',
        message: expect.stringContaining('"value"'),
      }),
    ])
    const alone = await answered({ responseFormat }, { content: JSON.stringify(value) })
    expect(alone.object).toEqual(value)
  })

  test('an object with such a property of its own stays', async () => {
    const responseFormat = { type: 'json', schema: z.object({ value: z.string() }) } as const
    const { object } = await answered({ responseFormat }, { content: '{"value":"a"}' })
    expect(object).toEqual({ value: 'a' })
  })
})

describe('what cannot be enforced', () => {
  const strictly = (parameters: JsonObject) =>
    answered({ tools: [{ name: 'f', parameters, strict: true }] }, { content: '' })
  test.each<[string, JsonObject, string]>([
    [
      'an open object',
      { type: 'object', properties: { m: { type: 'object', additionalProperties: {} } } },
      'm has properties of any name',
    ],
    ['any value', { type: 'object', properties: { a: {} } }, 'a has no type'],
    [
      'a missing reference',
      { type: 'object', properties: { a: { $ref: '#/$defs/a' } } },
      '#/$defs/a at a is not in the schema',
    ],
    [
      'too many values',
      { type: 'object', properties: { a: { enum: Array.from({ length: 1_001 }, (_, n) => `${n}`) } } },
      '1001 enum values are more than the 1000',
    ],
  ])('%s is sent without strict, and why is said', async (_name, parameters, reason) => {
    const { warnings } = await strictly(parameters)
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining(`"strict" of tool f was not sent: ${reason}`),
    ])
  })

  test('tools beyond the totals of a request are sent without strict', () => {
    const tools = Array.from({ length: 22 }, (_, n) => {
      return { name: `f${n}`, parameters: { type: 'object', properties: { a: {} } }, strict: true }
    })
    const warnings: string[] = []
    const sent = fitTools(tools, claudeSchemas, (message) => void warnings.push(message))
    expect(sent.filter(({ strict }) => strict)).toHaveLength(20)
    expect(warnings).toEqual([
      '"strict" of tool f20 was not sent: 21 strict tools are more than the 20 that are enforced',
      '"strict" of tool f21 was not sent: 21 strict tools are more than the 20 that are enforced',
    ])
  })

  test('a union at the root is joined to one object, and that is said', async () => {
    const parameters = {
      oneOf: [
        {
          type: 'object',
          properties: { mode: { const: 'a' }, x: { type: 'string' } },
          required: ['mode', 'x'],
        },
        { type: 'object', properties: { mode: { const: 'b' }, y: { type: 'number' } }, required: ['mode'] },
      ],
    }
    const { schema, changed } = fitSchema(parameters, { root: 'object' })
    expect(schema).toEqual({
      type: 'object',
      properties: { mode: { enum: ['a', 'b'] }, x: { type: 'string' }, y: { type: 'number' } },
      required: ['mode'],
      description: 'One of: { mode: "a", x } or { mode: "b", y? }.',
    })
    expect(changed).toEqual(['the variants of its root were joined to one object'])
  })
})

test('a schema is fitted once, and neither it nor the fitted one is changed by a call', async () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } }
  const before = structuredClone(schema)
  const fitted = fitSchema(schema, openaiStrictSchema)
  const seen = structuredClone(fitted.schema)
  const extraBody = {
    response_format: { json_schema: { schema: { properties: { a: { type: 'number' } } } } },
  }
  await answered({ responseFormat: { type: 'json', schema, strict: true }, extraBody }, { content: '{}' })
  expect(fitSchema(schema, openaiStrictSchema)).toBe(fitted)
  expect(fitted.schema).toEqual(seen)
  expect(schema).toEqual(before)
})
