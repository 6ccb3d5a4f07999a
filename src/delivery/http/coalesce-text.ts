import type { Clock, Timer } from '../../core/clock.ts'
import type { EventBatch, StreamEvent } from '../../core/event.ts'
import { optionsSchema } from '../../core/options.ts'
import { count, milliseconds, orInfinity, type Group } from '../../core/schema.ts'

/** How small deltas are merged. */
export interface Coalesce {
  /** Length of text at which it is sent at once. Default 4 096 characters; `Infinity` for no such length. */
  readonly maxChars?: number | undefined
  /** Maximum time that a delta waits for the next one, in milliseconds. Default 50. */
  readonly intervalMs?: number | undefined
}

/** The schema of {@link Coalesce}. */
export const coalesceSchema: Group = optionsSchema<Coalesce>()(() => ({
  maxChars: orInfinity(count),
  intervalMs: milliseconds,
}))

/**
 * Iterates over `batches` with small text, reasoning and argument deltas merged, so that fewer batches are stored and
 * sent. Every other event is passed on at once, together with the text before it. Reads `batches` only when asked.
 */
export function coalesceText(
  batches: AsyncIterator<EventBatch, unknown>,
  options: Coalesce,
  clock: Clock,
): AsyncIterableIterator<EventBatch, undefined> {
  return new TextCoalescer(batches, options, clock)
}

type Settled = IteratorResult<EventBatch, unknown> | { readonly error: unknown; readonly done?: undefined }

function settle(next: Promise<IteratorResult<EventBatch, unknown>>): Promise<Settled> {
  return next.catch((error: unknown) => ({ error }))
}

const DONE = { value: undefined, done: true } as const

// Not a generator: one that waits for a batch would act on `return` only after its wait.
class TextCoalescer implements AsyncIterableIterator<EventBatch, undefined> {
  readonly #batches: AsyncIterator<EventBatch, unknown>
  readonly #intervalMs: number
  readonly #text: MergedText
  readonly #alarm: Alarm
  #pending: Promise<Settled> | undefined
  #end: Settled | undefined

  constructor(batches: AsyncIterator<EventBatch, unknown>, options: Coalesce, clock: Clock) {
    const { maxChars = 4_096, intervalMs = 50 } = options
    this.#batches = batches
    this.#intervalMs = intervalMs
    this.#text = new MergedText(maxChars)
    this.#alarm = new Alarm(clock)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<EventBatch, undefined>> {
    while (this.#end === undefined) {
      this.#pending ??= settle(this.#batches.next())
      const result = await this.#alarm.before(this.#pending)
      if (result === undefined) return this.#take()
      this.#pending = undefined
      if ('error' in result || result.done === true) this.#end = result
      else if (this.#text.add(result.value)) return this.#take()
      else if (!this.#text.empty) this.#alarm.set(this.#intervalMs)
    }
    if (!this.#text.empty) return this.#take()
    const end = this.#end
    this.#end = DONE
    if ('error' in end) throw end.error
    return DONE
  }

  return(): Promise<IteratorResult<EventBatch, undefined>> {
    this.#alarm.clear()
    this.#end = DONE
    this.#batches.return?.().then(undefined, () => undefined)
    return Promise.resolve(DONE)
  }

  #take(): IteratorResult<EventBatch, undefined> {
    this.#alarm.clear()
    return { value: this.#text.take(), done: false }
  }
}

/** Merges deltas until they are due. */
class MergedText {
  readonly #maxChars: number
  #events: StreamEvent[] = []
  #chars = 0

  constructor(maxChars: number) {
    this.#maxChars = maxChars
  }

  get empty(): boolean {
    return this.#events.length === 0
  }

  /** Adds a batch. Returns whether the events are due: enough text, or an event that is not a delta. */
  add(batch: EventBatch): boolean {
    let due = false
    for (const event of batch) {
      if (!this.#merge(event)) this.#events.push(event)
      const text = textOf(event)
      if (text === undefined) due = true
      else this.#chars += text.length
    }
    return due || this.#chars >= this.#maxChars
  }

  take(): EventBatch {
    const events = this.#events
    this.#events = []
    this.#chars = 0
    return events
  }

  // Only deltas that carry nothing but text are merged.
  #merge(event: StreamEvent): boolean {
    const last = this.#events.at(-1)
    if (last === undefined || last.type !== event.type) return false
    if (event.type === 'tool-call-delta' && last.type === 'tool-call-delta') {
      if (last.id !== event.id || last.choice !== event.choice) return false
      this.#events[this.#events.length - 1] = { ...last, delta: last.delta + event.delta }
      return true
    }
    if (!isPlainText(last) || !isPlainText(event) || last.choice !== event.choice) return false
    this.#events[this.#events.length - 1] = { ...last, text: last.text + event.text }
    return true
  }
}

function textOf(event: StreamEvent): string | undefined {
  if (event.type === 'text-delta' || event.type === 'reasoning-delta') return event.text
  return event.type === 'tool-call-delta' ? event.delta : undefined
}

type TextDelta = Extract<StreamEvent, { type: 'text-delta' | 'reasoning-delta' }>

function isPlainText(event: StreamEvent): event is TextDelta {
  if (event.type === 'text-delta') return event.signature === undefined && event.logprobs === undefined
  if (event.type !== 'reasoning-delta') return false
  const { signature, encrypted, id, details } = event
  return signature === undefined && encrypted === undefined && id === undefined && details === undefined
}

/** A timer that a promise is raced against. It may fire while no race runs. */
class Alarm {
  readonly #clock: Clock
  #timer: Timer | undefined
  #rung = false
  #ring: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Starts the timer unless it runs. */
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
    this.#ring = undefined
  }

  /** Resolves with the promise's value, or with `undefined` if the timer fires first. */
  before<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#ring = () => resolve(undefined)
      if (this.#rung) this.#ring()
      promise.then(resolve, reject)
    })
  }
}
