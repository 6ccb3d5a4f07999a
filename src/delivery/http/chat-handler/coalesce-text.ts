import type { Clock, Timer } from '../../../core/clock.ts'
import type { EventBatch } from '../../../core/event.ts'
import type { ReplyStream } from '../../runs/index.ts'
import { TextHold } from '../text-hold.ts'

/** How small pieces of text are gathered. */
export interface Coalesce {
  /** So much text goes out at once. Default 4 096 characters. */
  readonly maxChars?: number | undefined
  /** Longest time that a piece waits for the next, in milliseconds. Default 50. */
  readonly intervalMs?: number | undefined
}

/** The stream with its small pieces of text gathered: fewer batches to keep and fewer frames to send. Nothing else waits. */
export function coalesceText(stream: ReplyStream, options: Coalesce, clock: Clock): ReplyStream {
  return {
    batches: () => gather(stream, options, clock),
    get response() {
      return stream.response
    },
  }
}

async function* gather(
  stream: ReplyStream,
  { maxChars = 4_096, intervalMs = 50 }: Coalesce,
  clock: Clock,
): AsyncGenerator<EventBatch, void, undefined> {
  const iterator = stream.batches()[Symbol.asyncIterator]()
  const hold = new TextHold(maxChars)
  const alarm = new Alarm(clock)
  try {
    let next = settled(iterator.next())
    for (;;) {
      const result = await alarm.before(next)
      if (result === undefined) {
        yield hold.take()
        continue
      }
      if ('error' in result || result.done === true) {
        if (!hold.empty) yield hold.take()
        if ('error' in result) throw result.error
        return
      }
      const due = hold.add(result.value)
      next = settled(iterator.next())
      if (!due && !hold.empty) alarm.set(intervalMs)
      if (!due) continue
      alarm.clear()
      yield hold.take()
    }
  } finally {
    alarm.clear()
    // One that waits takes this up only after its wait: nobody waits for that.
    iterator.return?.()?.then(undefined, () => undefined)
  }
}

type Settled = IteratorResult<EventBatch, unknown> | { readonly error: unknown; readonly done?: undefined }

function settled(next: Promise<IteratorResult<EventBatch, unknown>>): Promise<Settled> {
  return next.catch((error: unknown) => ({ error }))
}

/** Goes off once after it was set. */
class Alarm {
  readonly #clock: Clock
  #timer: Timer | undefined
  #rung = false
  #ring: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sets it, unless it is set. */
  set(delayMs: number): void {
    this.#timer ??= this.#clock.setTimer(() => {
      this.#rung = true
      this.#ring?.()
    }, delayMs)
  }

  clear(): void {
    this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
    this.#rung = false
  }

  /** What comes, or `undefined` where the alarm goes off before. */
  before<T>(coming: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#ring = () => {
        this.clear()
        resolve(undefined)
      }
      if (this.#rung) this.#ring()
      coming.then(resolve, reject)
    })
  }
}
