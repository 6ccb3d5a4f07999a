import { fakeFetch, type FakeRequest, type FakeReply } from 'llm-switchyard/testing'

/** One request as the provider saw it: what it had written when the connection closed. */
export interface Written {
  readonly model: string
  /** Usage that the provider reported before the close. */
  readonly reported: { readonly inputTokens: number; readonly outputTokens: number } | undefined
  /** Tokens of the request and of what was written, by the provider's own count. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** Whether the reader closed it before its end. */
  readonly isLeft: boolean
  readonly isComplete: boolean
}

/** A fake provider that notes what it wrote of every response until its connection closed. */
export interface RecordedFetch {
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  written(): readonly Written[]
}

// The provider's tokenizer differs from the estimate: 4 characters each, rounded per text.
const tokensOf = (text: string): number => Math.ceil(text.length / 4)

interface Line {
  readonly request: string
  text: string
  status: number
  isLeft: boolean
  isOver: boolean
}

/** Wraps the fake so that every byte that its reader took is noted. */
export function recordedFetch(script: (request: FakeRequest) => FakeReply): RecordedFetch {
  const lines: Line[] = []
  const fake = fakeFetch(script)
  const fetch: RecordedFetch['fetch'] = async (input, init) => {
    const request = new Request(input, init)
    const line: Line = {
      request: await request.clone().text(),
      text: '',
      status: 0,
      isLeft: false,
      isOver: false,
    }
    lines.push(line)
    init?.signal?.addEventListener('abort', () => (line.isLeft ||= !line.isOver), { once: true })
    const response = await fake(request.url, { ...init, body: line.request })
    line.status = response.status
    line.isOver = response.status !== 200
    return new Response(response.body && noted(response.body, line), response)
  }
  return { fetch, written: () => lines.map(writtenOf) }
}

function noted(body: ReadableStream<Uint8Array>, line: Line): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const source = {
    async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        line.isOver = true
        throw error
      })
      if (done) {
        line.isOver = true
        return controller.close()
      }
      line.text += decoder.decode(value, { stream: true })
      controller.enqueue(value)
    },
    cancel(reason: unknown) {
      line.isLeft = true
      return reader.cancel(reason)
    },
  }
  // Nothing is written ahead of its reader.
  return new ReadableStream(source, { highWaterMark: 0 })
}

interface Frame {
  readonly error?: unknown
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null
  readonly choices?: readonly {
    readonly finish_reason?: string | null
    readonly delta?: Piece
    readonly message?: Piece
  }[]
}
interface Piece {
  readonly content?: string | null
  readonly tool_calls?: readonly {
    readonly function?: { readonly name?: string; readonly arguments?: string }
  }[]
}

function writtenOf({ request, text, status, isLeft }: Line): Written {
  const body = JSON.parse(request) as {
    model: string
    messages: readonly object[]
    tools?: readonly object[]
  }
  const frames = status === 200 ? framesOf(text) : []
  const usage = frames.map((frame) => frame.usage).findLast((found) => found !== undefined && found !== null)
  const choices = frames.flatMap((frame) => frame.choices ?? [])
  const words = choices.flatMap(({ delta, message }) => {
    const { content, tool_calls: calls } = delta ?? message ?? {}
    return [
      content ?? '',
      ...(calls ?? []).map((call) => `${call.function?.name ?? ''}${call.function?.arguments ?? ''}`),
    ]
  })
  return {
    model: body.model,
    reported: usage && { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens },
    inputTokens: tokensOf(inputText(body)),
    outputTokens: tokensOf(words.join('')),
    isLeft: isLeft && frames.every(({ error }) => error === undefined),
    isComplete: choices.some((choice) => (choice.finish_reason ?? null) !== null),
  }
}

// A frame that the end of the connection cut is none.
function framesOf(text: string): readonly Frame[] {
  const payloads = text.trimStart().startsWith('{')
    ? [text]
    : text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [line.slice(6)] : []))
  return payloads.flatMap((payload) => {
    try {
      return [JSON.parse(payload) as Frame]
    } catch {
      return []
    }
  })
}

function inputText({
  messages,
  tools = [],
}: {
  messages: readonly object[]
  tools?: readonly object[]
}): string {
  const said = messages.map((message) => {
    const { content, tool_calls: calls = [] } = message as Piece
    const called = calls.map((call) => `${call.function?.name ?? ''}${call.function?.arguments ?? ''}`)
    return `${typeof content === 'string' ? content : ''}${called.join('')}    `
  })
  return said.join('') + tools.map((tool) => JSON.stringify(tool)).join('')
}
