import { createParser } from 'eventsource-parser'
import type { Subject } from '../subject.ts'
import { KEY, MAX_TOKENS, MODEL, QUESTION, SYSTEM, TEMPERATURE } from '../wire.ts'

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string | null } }[]
}
interface Reply {
  readonly choices: readonly { readonly message: { readonly content: string } }[]
}

const headers = { 'content-type': 'application/json', authorization: `Bearer ${KEY}` }

async function post(baseUrl: string, stream: boolean, signal: AbortSignal | undefined): Promise<Response> {
  const messages = [
    { role: 'system', content: SYSTEM },
    { role: 'user', content: QUESTION },
  ]
  const body = JSON.stringify({
    model: MODEL,
    messages,
    max_tokens: MAX_TOKENS,
    temperature: TEMPERATURE,
    ...(stream ? { stream, stream_options: { include_usage: true } } : undefined),
  })
  const init = { method: 'POST', headers, body }
  const response = await fetch(
    `${baseUrl}/chat/completions`,
    signal === undefined ? init : { ...init, signal },
  )
  if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`)
  return response
}

/** What a careful person writes with `fetch`: the status checked, the decoder fed piece by piece, `[DONE]` honoured. */
export function create(ownBaseUrl: string): Subject {
  return {
    call: async () => {
      const response = await post(ownBaseUrl, false, undefined)
      const reply = (await response.json()) as Reply
      return reply.choices[0]?.message.content ?? ''
    },
    stream: async ({ baseUrl, onText, signal }) => {
      const response = await post(baseUrl, true, signal)
      if (response.body === null) throw new Error('no body')
      const parser = createParser({
        onEvent: ({ data }) => {
          if (data === '[DONE]') return
          const chunk = JSON.parse(data) as Chunk
          const text = chunk.choices[0]?.delta.content
          if (text) onText(text)
        },
      })
      const decoder = new TextDecoder()
      for await (const piece of response.body) parser.feed(decoder.decode(piece, { stream: true }))
    },
  }
}
