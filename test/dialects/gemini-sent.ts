import { chatApiCall, type ChatRequest, LlmError, type Transport, type Warning } from 'llm-switchyard'

interface Body {
  readonly contents: readonly { readonly role: string; readonly parts: readonly unknown[] }[]
  readonly systemInstruction?: unknown
  readonly generationConfig?: Readonly<Record<string, unknown>>
  readonly tools?: unknown
  readonly toolConfig?: unknown
}

export interface Sent {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
  readonly warnings: readonly Warning[]
  /** The warnings' messages without where they were raised. */
  readonly words: readonly string[]
}

const reply = { candidates: [{ content: { parts: [{ text: '{}' }] }, finishReason: 'STOP' }] }

/** What a request looks like on the wire, and what was lost on the way. */
export async function sent(request: Partial<ChatRequest>): Promise<Sent> {
  const seen: { url: string; headers: Readonly<Record<string, string>>; body: string }[] = []
  const transport: Transport = {
    send: async ({ url, headers, body = '' }) => {
      seen.push({ url, headers, body })
      let bytes: Uint8Array | null = new TextEncoder().encode(JSON.stringify(reply))
      const read = async (): Promise<Uint8Array | null> => {
        const piece = bytes
        bytes = null
        return piece
      }
      const header = (name: string): string | undefined =>
        name === 'content-type' ? 'application/json' : undefined
      return { status: 200, header, body: { read, cancel: () => undefined } }
    },
  }
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  const whole = {
    provider: 'google',
    model: 'gemini-3-flash-preview',
    apiKey: 'secret-key',
    messages,
    ...request,
  }
  const { warnings } = await chatApiCall({ ...whole, transport, stream: false })
  const [first] = seen
  if (first === undefined) throw new LlmError('network', 'nothing was sent')
  const words = warnings.map(({ message }) => message.replace(/^\w+ for google \([^)]*\): /, ''))
  return { url: first.url, headers: first.headers, body: JSON.parse(first.body) as Body, warnings, words }
}
