import { chatApiCall, type ChatRequest, type ChatResponse, type Transport } from 'llm-switchyard'

class Sent extends Error {}

/** What one request sends: its body and headers, or the error that kept it from being sent. */
export interface SentBody {
  readonly body: Record<string, unknown>
  readonly headers: Readonly<Record<string, string>>
  readonly error?: Error | undefined
}

const variables = { region: 'us-east-1', project: 'p', location: 'global', resource: 'r', account: 'a' }

/** Sends a request to a transport that answers nothing. */
export async function bodyOf(request: Partial<ChatRequest>): Promise<SentBody> {
  let sent: SentBody = { body: {}, headers: {} }
  const transport: Transport = {
    send: async ({ body, headers }) => {
      sent = { body: JSON.parse(String(body)) as Record<string, unknown>, headers }
      throw new Sent('sent')
    },
  }
  const call = { apiKey: 'k', variables, messages: [{ role: 'user' as const, content: 'x' }], transport }
  try {
    await chatApiCall({ ...call, ...request })
  } catch (error) {
    if (Object.keys(sent.headers).length === 0) return { ...sent, error: error as Error }
  }
  return sent
}

/** Whole replies of each wire format. */
export const replies: Readonly<Record<string, object>> = {
  anthropic: {
    type: 'message',
    role: 'assistant',
    content: [{ type: 'text', text: 'ok' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
  },
  chat: { choices: [{ message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }] },
  responses: {
    id: 'r',
    status: 'completed',
    output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'ok' }] }],
  },
  gemini: { candidates: [{ content: { parts: [{ text: 'ok' }] }, finishReason: 'STOP' }] },
  converse: {
    output: { message: { role: 'assistant', content: [{ text: 'ok' }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 1, outputTokens: 1 },
  },
  cohere: {
    message: { role: 'assistant', content: [{ type: 'text', text: 'ok' }] },
    finish_reason: 'COMPLETE',
  },
  ollama: { message: { role: 'assistant', content: 'ok' }, done: true, done_reason: 'stop' },
}

export interface Answered {
  readonly body: Record<string, unknown>
  readonly reply: ChatResponse
}

/** Sends a request to a provider that answers with `reply`. */
export async function answered(request: Partial<ChatRequest>, reply: object): Promise<Answered> {
  let body: Record<string, unknown> = {}
  const response = await chatApiCall({
    apiKey: 'k',
    variables,
    messages: [{ role: 'user', content: 'x' }],
    fetch: async (_url, init) => {
      body = JSON.parse(init?.body as string) as Record<string, unknown>
      return Response.json(reply)
    },
    ...request,
    stream: false,
  })
  return { body, reply: response }
}

/** One target of each wire format. */
export const wires: readonly { wire: string; provider: string; model: string; api?: string }[] = [
  { wire: 'anthropic', provider: 'anthropic', model: 'claude-sonnet-4-5' },
  { wire: 'chat', provider: 'openai', model: 'gpt-4.1' },
  { wire: 'responses', provider: 'openai', model: 'gpt-4.1', api: 'responses' },
  { wire: 'gemini', provider: 'google', model: 'gemini-3-flash' },
  { wire: 'converse', provider: 'bedrock', model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0' },
  { wire: 'cohere', provider: 'cohere', model: 'command-a-03-2025' },
  { wire: 'ollama', provider: 'ollama', model: 'qwen3' },
]
