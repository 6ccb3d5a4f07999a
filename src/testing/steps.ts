import type { Clock } from '../core/clock.ts'

/** One action of a response. */
export type Step =
  | { readonly type: 'head'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly type: 'send'; readonly data: string | Uint8Array }
  /** 0 ms waits for one iteration of the event loop, so that sent data leaves first. */
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'hang'; readonly pingMs?: number | undefined; readonly ping?: string | undefined }
  | { readonly type: 'reset' }
  | { readonly type: 'end' }

/** The destination of a response: a socket, or a body in memory. */
export interface Sink {
  head(status: number, headers: Readonly<Record<string, string>>): void
  /** Resolves when more may be sent. */
  send(data: Uint8Array): Promise<void> | void
  /** Ends the response. Before `head`, it closes the connection without a response. */
  end(): void
  /** Resets the connection. */
  reset(): void
}

/** The steps of one response and what they need. */
export interface Performance {
  readonly steps: Iterable<Step>
  readonly sink: Sink
  readonly clock: Clock
  /** Aborts when the client disconnects or the fake closes. No further step runs then. */
  readonly gone: AbortSignal
}

/** Runs the steps in order. Resolves at the end, or when `gone` aborts. Leaves no timer. */
export async function perform({ steps, sink, clock, gone }: Performance): Promise<void> {
  for (const step of steps) {
    if (gone.aborted) return
    switch (step.type) {
      case 'head':
        sink.head(step.status, step.headers)
        break
      case 'send':
        await sink.send(bytesOf(step.data))
        break
      case 'wait':
        await (step.ms === 0 ? yieldToEventLoop() : pause(clock, step.ms, gone))
        break
      case 'hang':
        await hang(step, { sink, clock, gone })
        return
      case 'reset':
        // A reset may overtake data in the socket's buffer, so that leaves first.
        await yieldToEventLoop()
        if (!gone.aborted) sink.reset()
        return
      case 'end':
        sink.end()
        return
    }
  }
}

type Waiting = Omit<Performance, 'steps'>

async function hang(
  { pingMs, ping = '' }: Extract<Step, { type: 'hang' }>,
  { sink, clock, gone }: Waiting,
): Promise<void> {
  while (!gone.aborted) {
    await pause(clock, pingMs, gone)
    if (pingMs !== undefined && !gone.aborted) await sink.send(bytesOf(ping))
  }
}

/** Resolves after `ms`, or when `gone` aborts; without `ms` only then. */
function pause(clock: Clock, ms: number | undefined, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (gone.aborted) return resolve()
    const done = (): void => {
      clock.clearTimer(timer)
      gone.removeEventListener('abort', done)
      resolve()
    }
    const timer = ms === undefined ? undefined : clock.setTimer(done, ms)
    gone.addEventListener('abort', done, { once: true })
  })
}

function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data
}
