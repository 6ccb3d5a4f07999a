import { chatApiCall, type ChatRequest, type Transport } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { chance } from '../chance.ts'
import { features } from './schema-features.ts'
import { randomRoot } from './random-schema.ts'
import { refusals, type SchemaFacts } from './schema-facts.ts'
import { anyVariables } from './sent.ts'

const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid']
const BASE = ['type', 'enum', 'description', 'title', 'properties', 'required', 'items', 'anyOf', '$ref']

const flat: SchemaFacts = { objectRoot: true }
const strict: SchemaFacts = {
  keywords: [
    ...BASE,
    'const',
    'additionalProperties',
    'pattern',
    'format',
    'multipleOf',
    'minItems',
    'maxItems',
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
  ],
  formats: FORMATS,
  pattern: /^(?!.*\(\?[=!<])/,
  objectRoot: true,
  loneRefs: true,
  closed: true,
  allRequired: true,
  typed: true,
}
const claude: SchemaFacts = {
  keywords: [...BASE, 'const', 'default', 'additionalProperties', 'format', 'minItems'],
  formats: [...FORMATS, 'uri'],
  minItems: 1,
  objectRoot: true,
  refs: 'tree',
  loneRefs: true,
  closed: true,
}
const gemini: SchemaFacts = {
  keywords: [
    ...BASE,
    'format',
    'prefixItems',
    'minItems',
    'maxItems',
    'minimum',
    'maximum',
    'oneOf',
    'additionalProperties',
    'propertyOrdering',
  ],
  plainEnums: true,
  refs: 'tree',
  loneRefs: true,
}
const moonshot: SchemaFacts = { ...flat, typed: true, typeInside: true, loneRefs: true }
const cohere: SchemaFacts = {
  ...flat,
  keywords: [...BASE, 'const', 'additionalProperties', 'pattern', 'format'],
  formats: ['date-time', 'uuid', 'date', 'time'],
  someRequired: true,
}
const grammar: SchemaFacts = { pattern: /^\^.*\$$/ }
function without(facts: SchemaFacts, ...refused: string[]): SchemaFacts {
  return { ...facts, refused }
}

interface Vendor {
  readonly request: Partial<ChatRequest>
  /** Facts about tools, strict tools, answers and strict answers; null: nothing is sent. */
  readonly tool: SchemaFacts
  readonly strictTool: SchemaFacts | null
  readonly answer: SchemaFacts | null
  readonly strictAnswer: SchemaFacts | null
}

function open(request: Partial<ChatRequest>, facts: Partial<Vendor> = {}): Vendor {
  return { request, tool: flat, strictTool: strict, answer: flat, strictAnswer: strict, ...facts }
}
function enforcing(request: Partial<ChatRequest>, facts: Partial<Vendor> = {}): Vendor {
  const all = { tool: flat, strictTool: claude, answer: claude, strictAnswer: null }
  return { request, ...all, ...facts }
}
const gone = { strictTool: null, answer: null, strictAnswer: null }
const bedrock = { provider: 'bedrock', credentials: { accessKeyId: 'a', secretAccessKey: 's' } } as const
const short = ['minLength', 'maxLength', 'minItems', 'maxItems'] as const
const ofGemini = { tool: { ...gemini, ...flat }, strictTool: null, answer: gemini, strictAnswer: null }

const vendors: Readonly<Record<string, Vendor>> = {
  openai: open({ provider: 'openai', model: 'gpt-4.1' }),
  'openai responses': open({ provider: 'openai', model: 'gpt-5.1', api: 'responses' }),
  azure: open({ provider: 'azure', model: 'gpt-4.1' }),
  mistral: open({ provider: 'mistral', model: 'mistral-large-latest' }),
  groq: open({ provider: 'groq', model: 'openai/gpt-oss-120b' }),
  together: open({ provider: 'together', model: 'a/b' }),
  openrouter: open({ provider: 'openrouter', model: 'a/b' }),
  qwen: open({ provider: 'qwen', model: 'qwen3.8-max' }, { answer: null, strictAnswer: null }),
  vllm: open({ provider: 'vllm', model: 'm' }),
  deepseek: open(
    { provider: 'deepseek', model: 'deepseek-v4-pro' },
    {
      strictTool: without(
        { ...strict, formats: ['email', 'hostname', 'ipv4', 'ipv6', 'uuid'] },
        'minItems',
        'maxItems',
      ),
      answer: null,
      strictAnswer: null,
    },
  ),
  xai: open(
    { provider: 'xai', model: 'grok-4.3' },
    {
      strictTool: without(strict, ...short, 'allOf'),
      answer: without(flat, ...short, 'allOf'),
      strictAnswer: without(strict, ...short, 'allOf'),
    },
  ),
  fireworks: open(
    { provider: 'fireworks', model: 'accounts/a' },
    { answer: without(flat, ...short, 'oneOf', 'pattern') },
  ),
  cerebras: open(
    { provider: 'cerebras', model: 'gpt-oss-120b' },
    {
      strictTool: { ...without(strict, 'pattern', 'format', 'minItems', 'maxItems'), refs: 'tree' },
      answer: { ...without(flat, 'pattern', 'format', 'minItems', 'maxItems', 'prefixItems'), refs: 'tree' },
      strictAnswer: { ...without(strict, 'pattern', 'format', 'minItems', 'maxItems'), refs: 'tree' },
    },
  ),
  moonshot: open(
    { provider: 'moonshot', model: 'kimi-k2.6' },
    { tool: moonshot, strictTool: null, answer: moonshot, strictAnswer: { ...moonshot, closed: true } },
  ),
  llamacpp: open({ provider: 'llamacpp', model: 'm' }, { tool: { ...flat, ...grammar }, answer: grammar }),
  lmstudio: open({ provider: 'lmstudio', model: 'm' }, { tool: { ...flat, ...grammar }, answer: grammar }),
  ollama: open(
    { provider: 'ollama', model: 'm' },
    {
      tool: {
        ...flat,
        keywords: ['type', 'description', 'enum', 'items', 'properties', 'required', 'anyOf'],
        refs: 'none',
      },
      strictTool: null,
      answer: grammar,
      strictAnswer: null,
    },
  ),
  anthropic: enforcing({ provider: 'anthropic', model: 'claude-haiku-4-5' }),
  'anthropic on vertex': enforcing({ provider: 'vertex', api: 'anthropic', model: 'claude-haiku-4-5' }, gone),
  'bedrock, claude': enforcing({ ...bedrock, model: 'anthropic.claude-sonnet-4-5-v1:0' }),
  'bedrock, gpt-oss': enforcing({ ...bedrock, model: 'openai.gpt-oss-120b-1:0' }),
  'bedrock, llama': enforcing({ ...bedrock, model: 'meta.llama3-1-8b-instruct-v1:0' }, gone),
  'bedrock, nova': enforcing(
    { ...bedrock, model: 'amazon.nova-pro-v1:0' },
    { ...gone, tool: { ...flat, rootKeywords: ['type', 'properties', 'required'], refs: 'none' } },
  ),
  'bedrock invoke': enforcing({ ...bedrock, api: 'invoke', model: 'anthropic.claude-haiku-4-5' }, gone),
  google: open({ provider: 'google', model: 'gemini-3-pro' }, ofGemini),
  vertex: open({ provider: 'vertex', model: 'gemini-3-pro' }, ofGemini),
  cohere: open(
    { provider: 'cohere', model: 'command-a-03-2025' },
    { strictTool: cohere, answer: cohere, strictAnswer: null },
  ),
}

const REPLY = {
  status: 400,
  header: () => undefined,
  body: { read: async () => null, cancel: () => undefined },
}

/** The body of a call, whose answer does not matter. */
async function bodyOf(request: Partial<ChatRequest>): Promise<string> {
  let sent = ''
  const transport: Transport = {
    send: async ({ body = '' }) => {
      sent = body
      return REPLY
    },
  }
  const whole = { apiKey: 'k', messages: [{ role: 'user' as const, content: 'Hi' }], variables: anyVariables }
  const failure: unknown = await chatApiCall({
    ...whole,
    model: 'm',
    ...request,
    stream: false,
    transport,
  }).catch((error: unknown) => error)
  if (sent === '') throw failure
  return sent
}

interface SentSchema {
  readonly schema: JsonObject
  readonly strict: boolean
}

// Where the formats have the schema of a tool or of an answer, and whether it is enforced.
const PLACES: readonly string[] = ['parameters', 'input_schema', 'json', 'parametersJsonSchema']
const ANSWERS: readonly string[] = ['schema', 'json_schema', 'responseJsonSchema', 'format']

function find(node: JsonValue | undefined, places: readonly string[]): SentSchema | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  for (const [key, value] of Object.entries(node)) {
    const read = key === 'schema' && typeof value === 'string' ? (JSON.parse(value) as JsonValue) : value
    const isNest = typeof read === 'object' && read !== null && ('schema' in read || 'textFormat' in read)
    const isSchema = places.includes(key) && typeof read === 'object' && read !== null && !Array.isArray(read)
    if (isSchema && !isNest)
      return { schema: read as JsonObject, strict: (node as JsonObject)['strict'] === true }
    const inner = find(read, places)
    if (inner !== undefined) {
      const held =
        inner.strict ||
        (node as JsonObject)['strict'] === true ||
        (node as JsonObject)['strict_tools'] === true
      return { ...inner, strict: held }
    }
  }
  return undefined
}

async function toolOf({ request }: Vendor, parameters: object, strictly: boolean): Promise<SentSchema> {
  const body = await bodyOf({
    ...request,
    tools: [{ name: 'f', parameters: parameters as JsonObject, strict: strictly }],
  })
  const whole = JSON.parse(body) as JsonObject
  const found = find(whole, PLACES)
  if (found === undefined) throw new Error(`no tool in ${body}`)
  return found
}

async function answerOf(
  { request }: Vendor,
  schema: object,
  strictly: boolean,
): Promise<SentSchema | undefined> {
  const format = {
    type: 'json',
    schema: schema as JsonObject,
    ...(strictly ? { strict: true } : undefined),
  } as const
  const { messages: _messages, ...whole } = JSON.parse(
    await bodyOf({ ...request, responseFormat: format }),
  ) as JsonObject
  return find(whole, ANSWERS)
}

describe.each(Object.entries(vendors))('%s refuses nothing', (_name, vendor) => {
  test.each(Object.entries(features))('%s', async (_feature, schema) => {
    await expect(faultsOf(vendor, schema)).resolves.toEqual([])
  })

  test('random schemas', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const schema = randomRoot(chance(seed * 7919))
      const faults = await faultsOf(vendor, schema)
      expect(faults.length > 0 ? { faults, schema } : 'none').toBe('none')
    }
  })
})

async function faultsOf(vendor: Vendor, schema: object): Promise<string[]> {
  const { tool, strictTool, answer, strictAnswer } = vendor
  const plain = await toolOf(vendor, schema, false)
  const held = await toolOf(vendor, schema, true)
  const faults = [
    ...refusals(plain.schema, tool).map((fault) => `tool: ${fault}`),
    ...refusals(held.schema, held.strict && strictTool !== null ? strictTool : tool).map(
      (fault) => `strict: ${fault}`,
    ),
  ]
  if (strictTool === null && held.strict) faults.push('strict was sent')
  if (answer !== null) {
    const said = await answerOf(vendor, schema, false)
    faults.push(...refusals(said?.schema ?? {}, answer).map((fault) => `answer: ${fault}`))
  }
  if (strictAnswer !== null) {
    const said = await answerOf(vendor, schema, true)
    const facts = said?.strict === true ? strictAnswer : (answer ?? {})
    faults.push(...refusals(said?.schema ?? {}, facts).map((fault) => `strict answer: ${fault}`))
  }
  return faults
}
