import { Ajv2020 } from 'ajv/dist/2020.js'
import { chatApiCall, type ChatRequest, type JsonObject, type JsonValue } from 'llm-switchyard'
import { fakeFetch } from 'llm-switchyard/testing'
import { expect, test } from 'vitest'
import { isObject } from '../../src/core/json.ts'
import { chance } from '../chance.ts'
import { SchemaMaker, type Sample } from '../judges/random-schemas.ts'
import { schemaFaults, vendorRules, type VendorSchemaRules } from '../judges/schema-rules.ts'

const SCHEMAS = 300

interface Wire {
  readonly target: Pick<ChatRequest, 'provider' | 'model' | 'api' | 'variables'>
  readonly tool: VendorSchemaRules
  readonly answer: VendorSchemaRules
  /** Of answers and tools with `strict: true`. Absent: none are enforced. */
  readonly strict?: VendorSchemaRules | undefined
}

const { openaiStrict, claude, gemini, cohere, object, ollamaTool, any } = vendorRules
const region = { variables: { region: 'us-east-1' } }
const wires: Readonly<Record<string, Wire>> = {
  'openai-chat': {
    target: { provider: 'openai', model: 'gpt-4.1' },
    tool: object,
    answer: object,
    strict: openaiStrict,
  },
  'openai-responses': {
    target: { provider: 'openai', model: 'gpt-4.1', api: 'responses' },
    tool: object,
    answer: object,
    strict: openaiStrict,
  },
  'anthropic-messages': {
    target: { provider: 'anthropic', model: 'claude-sonnet-4-5' },
    tool: object,
    answer: claude,
    strict: claude,
  },
  'anthropic-messages, an older model': {
    target: { provider: 'anthropic', model: 'claude-3-7-sonnet-20250219' },
    tool: object,
    answer: object,
  },
  gemini: {
    target: { provider: 'google', model: 'gemini-3-flash' },
    tool: { ...gemini, objectRoot: true },
    answer: gemini,
  },
  cohere: {
    target: { provider: 'cohere', model: 'command-a-03-2025' },
    tool: object,
    answer: cohere,
    strict: cohere,
  },
  'bedrock-converse': {
    target: { provider: 'bedrock', model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0', ...region },
    tool: object,
    answer: claude,
    strict: claude,
  },
  'bedrock-converse, another model': {
    target: { provider: 'bedrock', model: 'amazon.nova-pro-v1:0', ...region },
    tool: object,
    answer: object,
  },
  ollama: { target: { provider: 'ollama', model: 'qwen3' }, tool: ollamaTool, answer: any },
  mistral: { target: { provider: 'mistral', model: 'mistral-large-latest' }, tool: object, answer: object },
  'kobold, by its prompt': { target: { provider: 'koboldcpp', model: 'm' }, tool: object, answer: any },
}

const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false })

/** What is wrong with a schema that was sent: by JSON Schema, by the vendor, or because it refuses the value. */
function faultsOf(sent: JsonObject, rules: VendorSchemaRules, value: JsonValue): string[] {
  try {
    const fits = ajv.compile(sent)
    const refuses = fits(value) ? [] : [`the value is refused: ${JSON.stringify(fits.errors?.[0])}`]
    return [...schemaFaults(sent, rules), ...refuses]
  } catch (error) {
    return [`no JSON Schema: ${String(error)}`]
  }
}

/** The value as the model gives it by the schema that was sent. */
function wireValue({ value }: Sample, sent: JsonObject | undefined): JsonValue {
  if (isObject(value) || sent?.['type'] !== 'object') return value
  return { value }
}

function samples(seed: number, kind: 'forTool' | 'forAnswer'): readonly Sample[] {
  const random = chance(seed)
  const below = (count: number): number => Math.floor(random() * count) % count
  const maker = new SchemaMaker({
    below,
    one: (...values) => values[below(values.length)],
    maybe: (share, make) => (random() < share ? make() : undefined),
  })
  return Array.from({ length: SCHEMAS }, () => maker[kind]())
}

test.each(['forTool', 'forAnswer'] as const)('%s: the values fit the schemas as they were made', (kind) => {
  for (const { schema, value } of samples(5, kind)) {
    const fits = ajv.compile(schema)
    expect({ schema, fits: fits(value), errors: fits.errors }).toMatchObject({ fits: true })
  }
})

test.each(Object.entries(wires))(
  '%s takes the schemas of answers, and values come back whole',
  async (_name, wire) => {
    const wrong = new Map<string, unknown>()
    for (const [at, sample] of samples(5, 'forAnswer').entries()) {
      const { schema, value } = sample
      const isStrict = at % 2 === 0 && wire.strict !== undefined
      const strategy = at % 5 === 0 && !wire.target.provider?.startsWith('kobold') ? 'tool' : 'auto'
      const fetch = fakeFetch(({ tools: [tool], settings }) => {
        if (tool === undefined) return JSON.stringify(wireValue(sample, settings.responseFormat?.schema))
        return { toolCalls: [{ name: tool.name, arguments: wireValue(sample, tool.parameters) }] }
      })
      const responseFormat = { type: 'json', schema, strict: isStrict, strategy } as const
      const messages = [{ role: 'user' as const, content: 'Hi' }]
      const reply = await chatApiCall({ ...wire.target, apiKey: 'k', fetch, messages, responseFormat })
      const request = fetch.log[0]?.request
      const tool = request?.tools[0]?.parameters
      const sent = tool ?? request?.settings.responseFormat?.schema
      const rules = tool === undefined ? wire.answer : wire.tool
      const isEnforced = JSON.stringify(request?.body).includes('"strict":true')
      const faults =
        sent === undefined
          ? []
          : faultsOf(sent, isEnforced ? (wire.strict ?? rules) : rules, wireValue(sample, sent))
      for (const fault of faults) wrong.set(fault, { at, schema, sent })
      if (JSON.stringify(reply.object) !== JSON.stringify(value))
        wrong.set('the value did not come back', {
          at,
          schema,
          value,
          object: reply.object,
          warnings: reply.warnings,
        })
    }
    expect(Object.fromEntries(wrong)).toEqual({})
  },
)

test.each(Object.entries(wires).filter(([name]) => !name.startsWith('kobold')))(
  '%s takes the schemas of tools, and arguments come back whole',
  async (_name, wire) => {
    const wrong = new Map<string, unknown>()
    for (const [at, { schema, value }] of samples(6, 'forTool').entries()) {
      const fetch = fakeFetch({ toolCalls: [{ name: 'look', arguments: value }] })
      const strict = at % 2 === 0 && wire.strict !== undefined
      const tools = [{ name: 'look', description: 'Looks', parameters: schema, strict }]
      const messages = [{ role: 'user' as const, content: 'Hi' }]
      const reply = await chatApiCall({ ...wire.target, apiKey: 'k', fetch, messages, tools })
      const request = fetch.log[0]?.request
      const sent = request?.tools[0]?.parameters ?? {}
      const isEnforced = /"strict(_tools)?":true/.test(JSON.stringify(request?.body))
      const rules = isEnforced ? (wire.strict ?? wire.tool) : wire.tool
      for (const fault of faultsOf(sent, rules, value)) wrong.set(fault, { at, schema, sent })
      const [call] = reply.toolCalls
      if (JSON.stringify(call?.arguments) !== JSON.stringify(value))
        wrong.set('the arguments did not come back', { at, schema, value, got: call?.arguments })
    }
    expect(Object.fromEntries(wrong)).toEqual({})
  },
)
