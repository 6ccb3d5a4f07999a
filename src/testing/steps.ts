import type { Clock } from '../core/clock.ts'

/** One thing that the fake does while it answers. */
export type Step =
  | { readonly type: 'head'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly type: 'send'; readonly data: string | Uint8Array }
  /** 0 lets what was sent go out before the next step. */
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'hang'; readonly pingMs?: number | undefined; readonly ping?: string | undefined }
  | { readonly type: 'reset' }
  | { readonly type: 'end' }

/** Where an answer goes: a socket, or a body in memory. */
export interface Sink {
  head(status: number, headers: Readonly<Record<string, string>>): void
  /** Resolves when more may be sent. */
  send(data: Uint8Array): Promise<void> | void
  /** Ends the answer. Before `head`: the connection closes without one. */
  end(): void
  /** Breaks the connection. */
  reset(): void
}

export interface Performance {
  readonly steps: Iterable<Step>
  readonly sink: Sink
  readonly clock: Clock
  /** Aborted when the client is gone, or the fake closes: nothing more happens then. */
  readonly gone: AbortSignal
}

/** Does the steps one after another. Resolves at the end, or as soon as the client is gone; leaves no timer. */
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
        await (step.ms === 0 ? nextTurn() : pause(clock, step.ms, gone))
        break
      case 'hang':
        await hang(step, { sink, clock, gone })
        return
      case 'reset':
        // What was sent before goes out first: a reset may overtake it.
        await nextTurn()
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

/** Resolves after `ms`, never without one, and at once when the client goes. */
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

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data
}
