import { catalogue, type ChatRequest } from 'llm-switchyard'
import { expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { isObject } from '../../src/core/json.ts'
import * as schemas from '../../src/core/fit/schemas.ts'
import { parseRequest } from '../../src/core/parse-request.ts'
import { createRegistry } from '../../src/core/registry.ts'
import { renderRequest } from '../../src/exchange/render-request.ts'

const registry = createRegistry(catalogue)
const targets: readonly (readonly [provider: string, model: string, api?: string])[] = [
  ['anthropic', 'claude-sonnet-4-5'],
  ['anthropic', 'claude-opus-5-5'],
  ['vertex', 'claude-sonnet-4-5', 'anthropic'],
  ['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['bedrock', 'us.amazon.nova-pro-v1:0'],
  ['openai', 'gpt-4.1', 'chat'],
  ['openai', 'gpt-5.2', 'responses'],
  ['openai', 'gpt-6-astra', 'responses'],
  ['google', 'gemini-2.5-flash'],
  ['google', 'gemini-3-flash'],
  ['openrouter', 'anthropic/claude-sonnet-4.5'],
  ['deepseek', 'deepseek-v4-pro'],
  ['moonshot', 'kimi-k2.6'],
  ['mistral', 'mistral-large-latest'],
  ['cohere', 'command-a-03-2025'],
  ['ollama', 'qwen3'],
]
const png = 'iVBORw0KGgo='

/** A conversation of 20 user messages: with images, tool rounds, thoughts of the vendor, and instructions in its middle. */
function conversation(scope: string): ChatRequest['messages'] {
  const messages: ChatRequest['messages'][number][] = [{ role: 'system', content: 'Be brief.' }]
  for (let turn = 0; turn < 20; turn++) {
    const image = { type: 'image', data: png, mediaType: 'image/png' } as const
    const ask = { type: 'text', text: `question ${turn}` } as const
    messages.push({ role: 'user', content: turn % 4 === 1 ? [ask, image] : ask.text })
    const thought = { type: 'reasoning', text: 'hm', signature: 'U0lH', origin: scope } as const
    if (turn % 3 === 0) {
      const id = `call.${turn}`
      messages.push(
        {
          role: 'assistant',
          content: [thought, { type: 'tool-call', id, name: 'files/read', arguments: { b: 1, a: turn } }],
        },
        {
          role: 'tool',
          toolCallId: id,
          content: turn % 2 === 0 ? 'seen' : [{ type: 'text', text: 'seen' }, image],
        },
      )
    }
    messages.push({ role: 'assistant', content: [thought, { type: 'text', text: `answer ${turn}` }] })
  }
  return messages
}

const tools = [
  {
    name: 'files/read',
    parameters: { type: 'object', properties: { b: { type: 'number' }, a: { type: 'number' } } },
  },
] as const

// Marks may move: they are no part of what is cached.
function withoutMarks(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) {
    const items = (value as readonly JsonValue[]).filter((item) => !(isObject(item) && 'cachePoint' in item))
    return items.map((item) => withoutMarks(item) ?? null)
  }
  if (!isObject(value)) return value
  const { cache_control: _control, prompt_cache_breakpoint: _breakpoint, ...rest } = value
  return Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, withoutMarks(inner)]))
}

const LISTS = ['messages', 'input', 'contents']

test.each(targets)('%s %s %s: each body begins like the one before', (provider, model, api) => {
  const target = registry.resolve({ provider, model, api })
  const all = conversation(target.reasoningScope)
  const bodies = all.flatMap(({ role }, at): JsonObject[] => {
    if (role !== 'user' && role !== 'tool') return []
    const { messages, settings } = parseRequest({
      messages: all.slice(0, at + 1),
      tools,
      cache: 'auto',
      maxTokens: 900,
    })
    const call = {
      target,
      messages,
      settings,
      stream: true,
      extraBody: undefined,
      warnings: undefined,
      schemas,
    }
    const { body } = renderRequest({ ...call, onUnsupported: 'warn' })
    const sent = withoutMarks(JSON.parse(JSON.stringify(body)) as JsonObject)
    return isObject(sent) ? [sent] : []
  })
  expect(bodies.length).toBeGreaterThan(25)
  const listOf = (body: JsonObject): string => {
    const key = LISTS.find((name) => body[name] !== undefined) ?? ''
    return JSON.stringify(body[key]).slice(0, -1)
  }
  const restOf = (body: JsonObject): string =>
    JSON.stringify(Object.fromEntries(Object.entries(body).filter(([key]) => !LISTS.includes(key))))
  for (const [at, body] of bodies.entries()) {
    const before = bodies[at - 1]
    if (before === undefined) continue
    expect(restOf(body)).toBe(restOf(before))
    // The last message of the earlier body may go on in the later one: results and a question are one message on some wires.
    const kept = listOf(before).replace(/[\]}]+$/, '')
    expect(listOf(body).startsWith(kept)).toBe(true)
  }
})
