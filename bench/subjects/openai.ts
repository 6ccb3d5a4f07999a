import OpenAI from 'openai'
import type { Subject } from '../subject.ts'
import { KEY, MAX_TOKENS, MODEL, QUESTION, SYSTEM, TEMPERATURE } from '../wire.ts'

const request = {
  model: MODEL,
  messages: [
    { role: 'system' as const, content: SYSTEM },
    { role: 'user' as const, content: QUESTION },
  ],
  max_tokens: MAX_TOKENS,
  temperature: TEMPERATURE,
}

/** One client per base URL, kept, as its guide says. */
export function create(ownBaseUrl: string): Subject {
  const clients = new Map<string, OpenAI>()
  const clientOf = (baseURL: string): OpenAI => {
    const client = clients.get(baseURL) ?? new OpenAI({ baseURL, apiKey: KEY, maxRetries: 0 })
    clients.set(baseURL, client)
    return client
  }
  return {
    call: async () => {
      const reply = await clientOf(ownBaseUrl).chat.completions.create(request)
      return reply.choices[0]?.message.content ?? ''
    },
    stream: async ({ baseUrl, onText, signal }) => {
      const stream = await clientOf(baseUrl).chat.completions.create(
        { ...request, stream: true, stream_options: { include_usage: true } },
        { signal },
      )
      for await (const chunk of stream) {
        const text = chunk.choices[0]?.delta.content
        if (text) onText(text)
      }
    },
  }
}
