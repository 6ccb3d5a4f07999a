import { chatApiCall, type ChatResponse, LlmError, type StreamEvent, type Transport } from 'llm-switchyard'
import type { Recording } from './recordings.ts'

/** How a body is cut into network reads. */
export type Cut = (body: Uint8Array) => Uint8Array[]

export const whole: Cut = (body) => [body]
export const byteByByte: Cut = (body) => Array.from(body, (byte) => Uint8Array.of(byte))
/** Every line end as CRLF. */
export const crlf: Cut = (body) => [
  Buffer.from(Buffer.from(body).toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1'),
]

/** Cuts at random places that the seed decides, and inside the first multi-byte characters. */
export function seeded(seed: number): Cut {
  return (body) => {
    let state = seed
    const random = (): number => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x7fffffff
    const cuts = new Set<number>()
    for (let turn = 0; turn < Math.min(40, body.length); turn++)
      cuts.add(1 + Math.floor(random() * (body.length - 1)))
    for (let at = 1; at < body.length && cuts.size < 60; at++)
      if (((body[at] as number) & 0xc0) === 0x80) cuts.add(at)
    const places = [0, ...[...cuts].toSorted((a, b) => a - b), body.length]
    return places.slice(1).map((to, index) => body.subarray(places[index], to))
  }
}

/** A transport that answers every request with the recording, cut as told. */
export function transportOf(recording: Recording, cut: Cut): Transport {
  return {
    send: async () => {
      const pieces = cut(recording.body)
      let at = 0
      const body = {
        read: async () => pieces[at++] ?? null,
        cancel: () => {
          at = pieces.length
        },
      }
      return { status: recording.status, header: (name) => recording.headers[name], body }
    },
  }
}

export interface Outcome {
  readonly response?: ChatResponse
  readonly events: readonly StreamEvent[]
  readonly error?: LlmError
}

/** Which of our providers speaks a recording's dialect. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'openai-chat': 'openai',
  'anthropic-messages': 'anthropic',
  gemini: 'google',
  'openai-responses': 'openai',
  'cohere-v2': 'cohere',
  'bedrock-converse': 'bedrock',
  'bedrock-invoke': 'bedrock',
  'ollama-chat': 'ollama',
}

const APIS: Readonly<Record<string, string>> = { 'openai-responses': 'responses', 'bedrock-invoke': 'invoke' }

/** Makes the call that the recording answers. */
export async function replayRecording(recording: Recording, cut: Cut): Promise<Outcome> {
  const request = {
    provider: PROVIDERS[recording.dialect] ?? recording.dialect,
    api: APIS[recording.dialect],
    model: recording.model,
    apiKey: 'test-key',
    baseUrl: 'http://recorded.test/v1',
    messages: [{ role: 'user' as const, content: 'Say what was recorded.' }],
    transport: transportOf(recording, cut),
  }
  const events: StreamEvent[] = []
  try {
    if (recording.kind !== 'stream') return { response: await chatApiCall(request), events }
    const stream = await chatApiCall({ ...request, stream: true })
    for await (const event of stream) events.push(event)
    return { response: await stream.response, events }
  } catch (error) {
    if (LlmError.is(error)) return { events, error }
    throw error
  }
}
