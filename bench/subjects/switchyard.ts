import type { ChatRequest, Transport } from 'llm-switchyard'
import { chatApiCall } from 'llm-switchyard'
import type { Subject } from '../subject.ts'
import { KEY, MAX_TOKENS, MODEL, QUESTION, SYSTEM, TEMPERATURE } from '../wire.ts'

/** The bare call, on the transport that is given, else on `fetch`. */
export function createSwitchyard(ownBaseUrl: string, transport?: Transport): Subject {
  const requestOf = (baseUrl: string): ChatRequest => ({
    provider: 'openai-compatible',
    model: MODEL,
    baseUrl,
    apiKey: KEY,
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: QUESTION },
    ],
    maxTokens: MAX_TOKENS,
    temperature: TEMPERATURE,
    transport,
  })
  return {
    call: async () => {
      const response = await chatApiCall({ ...requestOf(ownBaseUrl), stream: false })
      return response.text
    },
    stream: async ({ baseUrl, onText, signal }) => {
      const stream = await chatApiCall({ ...requestOf(baseUrl), signal, stream: true })
      for await (const event of stream) if (event.type === 'text-delta') onText(event.text)
    },
  }
}
