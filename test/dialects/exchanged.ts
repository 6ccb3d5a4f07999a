import { chatApiCall, type ChatRequest, type ChatResponse } from 'llm-switchyard'
import { expect } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'

export type Wire = Readonly<Record<string, unknown>>

/** What a call put on the wire, and the response. */
export async function exchange(
  request: Partial<ChatRequest>,
  reply: unknown,
): Promise<{ body: Wire; response: ChatResponse }> {
  let body: Wire = {}
  const text = typeof reply === 'string' ? reply : JSON.stringify(reply)
  const type = typeof reply === 'string' ? 'text/event-stream' : 'application/json'
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    body = JSON.parse(init?.body as string) as Wire
    return new Response(text, { headers: { 'content-type': type } })
  }
  const call = { apiKey: 'k', variables: { project: 'p', resource: 'r', account: 'a' }, ...request, fetch }
  const stream = typeof reply === 'string'
  const answer = stream
    ? await (
        await chatApiCall({ ...(call as ChatRequest), stream: true })
      ).response
    : await chatApiCall({ ...(call as ChatRequest), stream: false })
  return { body, response: answer }
}

export const asked = { role: 'user', content: 'Weather?' } as const
export const tools: NonNullable<ChatRequest['tools']> = [
  { name: 'look', parameters: { type: 'object', properties: {} } },
]

/** The assistant's part of the second request of a tool loop, after a stored and reloaded first answer. */
export async function sentBack(
  target: Partial<ChatRequest>,
  reply: unknown,
  plain: unknown,
): Promise<unknown[]> {
  const first = await exchange({ ...target, tools, messages: [asked] }, reply)
  const { message, toolCalls } = JSON.parse(JSON.stringify(first.response)) as ChatResponse
  const results = toolCalls.map(({ id }) => ({ role: 'tool' as const, toolCallId: id, content: 'Rain' }))
  const { body, response } = await exchange(
    { ...target, tools, messages: [asked, message, ...results] },
    plain,
  )
  expect(response.warnings.filter(({ message: said }) => said.includes('reasoning'))).toEqual([])
  const list = (body['messages'] ?? body['contents'] ?? body['input']) as Wire[]
  return list.filter(
    ({ role, type }) =>
      role === 'assistant' || role === 'model' || (type !== undefined && type !== 'function_call_output'),
  )
}

const chatPlain = { choices: [{ message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }] }
export const ok: Readonly<Record<string, unknown>> = {
  chat: chatPlain,
  anthropic: { type: 'message', content: [{ type: 'text', text: 'ok' }], stop_reason: 'end_turn', usage: {} },
  bedrock: {
    output: { message: { role: 'assistant', content: [{ text: 'ok' }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 1, outputTokens: 1 },
  },
  gemini: { candidates: [{ content: { parts: [{ text: 'ok' }] }, finishReason: 'STOP' }] },
  responses: {
    status: 'completed',
    output: [{ type: 'message', content: [{ type: 'output_text', text: 'ok' }] }],
  },
  cohere: {
    message: { role: 'assistant', content: [{ type: 'text', text: 'ok' }] },
    finish_reason: 'COMPLETE',
  },
  ollama: { message: { role: 'assistant', content: 'ok' }, done: true, done_reason: 'stop' },
}

export const call = { id: 'call00001', type: 'function', function: { name: 'look', arguments: '{}' } }
export function chat(message: JsonObject): unknown {
  const whole = { role: 'assistant', content: null, tool_calls: [call], ...message }
  return { choices: [{ message: whole, finish_reason: 'tool_calls' }] }
}
export function sse(...deltas: JsonObject[]): string {
  const chunk = (delta: JsonObject, reason: string | null): string =>
    `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
  return `${deltas.map((delta) => chunk(delta, null)).join('')}${chunk({}, 'tool_calls')}data: [DONE]\n\n`
}
export const streamedCall: JsonObject = { tool_calls: [{ index: 0, ...call }] }
