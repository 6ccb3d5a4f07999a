import { catalogue, chatApiCall, LlmError, type ChatRequest, type Transport } from 'llm-switchyard'
import { type HttpRequest } from 'llm-switchyard/adapter'

/** What a call put on the wire, and what it said about it. */
export interface Sent {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  /** The warnings, as `setting: message`. */
  readonly warnings: readonly string[]
}

const REPLIES: Readonly<Record<string, unknown>> = {
  gemini: { candidates: [{ content: { parts: [{ text: 'ok' }] }, finishReason: 'STOP' }] },
  anthropic: { content: [{ type: 'text', text: 'ok' }], stop_reason: 'end_turn', usage: {} },
  converse: { output: { message: { content: [{ text: 'ok' }] } }, stopReason: 'end_turn' },
  responses: {
    status: 'completed',
    output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'ok' }] }],
  },
  cohere: { message: { content: [{ type: 'text', text: 'ok' }] }, finish_reason: 'COMPLETE' },
  ollama: { message: { content: 'ok' }, done: true },
  openai: { choices: [{ message: { content: 'ok' }, finish_reason: 'stop' }] },
}

/** A value for every variable that some provider needs. */
export const anyVariables: Readonly<Record<string, string>> = Object.fromEntries(
  catalogue.flatMap(({ variables = {} }) =>
    Object.entries(variables).flatMap(([name, { from }]) => (from === undefined ? [[name, 'mine']] : [])),
  ),
)

function shapeOf(url: string): string {
  if (url.includes('enerateContent')) return 'gemini'
  if (url.includes('/converse')) return 'converse'
  if (url.endsWith('/responses')) return 'responses'
  if (url.endsWith('/api/chat')) return 'ollama'
  if (url.endsWith('/v2/chat')) return 'cohere'
  return /awPredict|\/invoke|\/messages$/.test(url) ? 'anthropic' : 'openai'
}

/** A transport that notes each request and gives a short answer. */
export function noting(requests: HttpRequest[]): Transport {
  return {
    send: async (request) => {
      requests.push(request)
      const shape = shapeOf(request.url)
      let bytes: Uint8Array | null = new TextEncoder().encode(JSON.stringify(REPLIES[shape]))
      const read = async (): Promise<Uint8Array | null> => {
        const piece = bytes
        bytes = null
        return piece
      }
      return { status: 200, header: () => undefined, body: { read, cancel: () => undefined } }
    },
  }
}

/** Makes a plain call with a key and gives what was sent. */
export async function sentBy(request: Partial<ChatRequest> & { provider: string }): Promise<Sent> {
  const requests: HttpRequest[] = []
  const whole = {
    model: 'some-model',
    apiKey: 'key',
    messages: [{ role: 'user' as const, content: 'Hi' }],
    ...request,
  }
  const reply = await chatApiCall({ ...whole, stream: false, transport: noting(requests) })
  const [{ url, headers, body = '{}' }] = requests as [HttpRequest]
  const warnings = reply.warnings.map(({ setting, message }) => `${setting ?? 'messages'}: ${message}`)
  return { url, headers, body: JSON.parse(body), warnings }
}

/** The kind of error with which a call ends; nothing must have been sent. */
export async function refusalOf(request: Partial<ChatRequest>): Promise<LlmError> {
  const requests: HttpRequest[] = []
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  const error: unknown = await chatApiCall({
    messages,
    ...request,
    stream: false,
    transport: noting(requests),
  }).catch((caught: unknown) => caught)
  if (!LlmError.is(error)) throw new Error('the call was not refused')
  if (requests.length > 0) throw new Error('something was sent')
  return error
}
