import type { EventBatch, StreamEvent } from '../../../src/core/event.ts'
import type { Usage } from '../../../src/core/response.ts'
import type { ReplyStream } from '../../../src/delivery/runs/index.ts'

export const usage: Usage = { inputTokens: 3, outputTokens: 5, totalTokens: 8 }
export const start: StreamEvent = { type: 'start', provider: 'openai', model: 'm' }
export const text = (piece: string): StreamEvent => ({ type: 'text-delta', text: piece })
export const finish: StreamEvent = { type: 'finish', finishReason: 'stop', usage }

/** An upstream that the test drives. */
export interface Upstream extends ReplyStream {
  readonly open: (signal: AbortSignal) => Promise<ReplyStream>
  push(...events: readonly StreamEvent[]): void
  end(): void
  fail(error: unknown): void
  /** The reason of its abort, once it was aborted. */
  readonly aborted: unknown
}

export function createUpstream({ deaf = false }: { readonly deaf?: boolean } = {}): Upstream {
  const queue: EventBatch[] = []
  let over: { readonly error?: unknown } | undefined
  let wake: (() => void) | undefined
  let aborted: unknown
  const settle = (how: { readonly error?: unknown }): void => {
    over ??= how
    wake?.()
  }
  const batches = async function* (): AsyncGenerator<EventBatch, void, undefined> {
    for (;;) {
      const batch = queue.shift()
      if (batch !== undefined) yield batch
      else if (over?.error !== undefined) throw over.error
      else if (over !== undefined) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const upstream: Upstream = {
    open: async (signal) => {
      signal.addEventListener('abort', () => {
        aborted = signal.reason
        if (!deaf) settle({ error: signal.reason })
      })
      return upstream
    },
    batches,
    push: (...events) => {
      queue.push(events)
      wake?.()
    },
    end: () => settle({}),
    fail: (error) => settle({ error }),
    get aborted() {
      return aborted
    },
  }
  return upstream
}

/** Text of an answer, cut into pieces of a few characters each: no two pieces are alike. */
export function piecesOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}.${index} 🙂 `)
}

/** An upstream that answers by itself, a piece at a time. */
export function talking(pieces: readonly string[], betweenMs: number): ReplyStream {
  return {
    async *batches() {
      yield [start]
      for (const piece of pieces) {
        await new Promise((resolve) => setTimeout(resolve, betweenMs))
        yield [text(piece)]
      }
      yield [finish]
    },
  }
}
