import { ResponseAccumulator } from '../core/accumulate-response.ts'
import type { Call, OutputFilter } from '../core/call.ts'
import type { Fragment } from '../core/dialect.ts'
import { LlmError } from '../core/error.ts'
import type { EventBatch } from '../core/event.ts'
import type { Attempt, ChatResponse, Usage, Warning } from '../core/response.ts'
import { estimateUsage } from '../core/tokens.ts'
import {
  createNormalizer,
  createTextSizeLimit,
  type Normalizer,
  type TextSizeLimit,
} from '../stream/index.ts'

const NOTHING: readonly never[] = Object.freeze([])

/** Turns fragments into events, filters them, keeps those that were not read yet, and adds them up to a response. */
export class ResponseBuffer {
  readonly #messages: Call['messages']
  readonly #normalizer: Normalizer
  readonly #sizeLimit: TextSizeLimit
  readonly #accumulator: ResponseAccumulator
  readonly #filter: OutputFilter | undefined
  /** With a filter: the response as the model gave it, for usage and for observers of raw texts. */
  readonly #raw: ResponseAccumulator | undefined
  #ready: EventBatch = NOTHING

  constructor({ target, streamLimits, messages, outputFilter }: Call, warnings: readonly Warning[]) {
    const { provider, model, reasoningScope, dialect } = target
    this.#messages = messages
    this.#accumulator = new ResponseAccumulator({ provider, model }, reasoningScope)
    const estimate = (pending: EventBatch): Usage => this.#estimate(pending)
    const { finishReasons } = dialect
    this.#normalizer = createNormalizer({ provider, model, warnings, finishReasons, estimate })
    this.#sizeLimit = createTextSizeLimit(streamLimits.maxBytes)
    this.#filter = outputFilter?.()
    if (this.#filter !== undefined) this.#raw = new ResponseAccumulator({ provider, model }, '')
  }

  /** Content events that may be delivered. */
  get contents(): number {
    return this.#accumulator.contents
  }

  /** Content events that arrived, whether the filter has released them or not. */
  get arrivedContents(): number {
    return (this.#raw ?? this.#accumulator).contents
  }

  /** Whether the filter has more to do than one turn of the event loop allows: call `drain` in a later one. */
  get hasPending(): boolean {
    return this.#filter?.hasPending === true
  }

  /** Whether the model has said why it stopped. */
  get isStopped(): boolean {
    return this.#normalizer.stopped
  }

  /** Whether the response has come to its end. */
  get isFinished(): boolean {
    return this.#normalizer.finished
  }

  /** What ends the response: moderation, its size, or an error that the provider sent inside it. */
  get error(): LlmError | undefined {
    const known = this.#filter?.error ?? this.#sizeLimit.error
    if (known !== undefined || this.#normalizer.fault === undefined) return known
    const { kind, message, ...details } = this.#normalizer.fault
    return new LlmError(kind, message, details)
  }

  get hasReady(): boolean {
    return this.#ready.length > 0
  }

  /** Takes the events that were not read yet. */
  takeReady(): EventBatch {
    const batch = this.#ready
    this.#ready = NOTHING
    return batch
  }

  push(fragments: readonly Fragment[]): void {
    this.#keep(this.#sizeLimit.check(this.#normalizer.push(fragments)))
  }

  /** The body has ended. False if the response is not complete. */
  end(): boolean {
    const last = this.#normalizer.end()
    if (last !== undefined) this.#keep(last)
    return last !== undefined
  }

  /** Lets the filter go on. */
  drain(): void {
    this.#store(this.#filter?.drain() ?? NOTHING)
  }

  usage(): Usage {
    return this.#normalizer.usage ?? this.#estimate()
  }

  response(known: {
    readonly requestId?: string | undefined
    readonly attempts?: readonly Attempt[] | undefined
  }): ChatResponse {
    return this.#accumulator.response({ usage: () => this.usage(), ...known })
  }

  /** The text as the model gave it. */
  rawText(): string {
    return (this.#raw ?? this.#accumulator).response().text
  }

  #keep(batch: EventBatch): void {
    if (this.#filter === undefined) return this.#store(batch)
    this.#raw?.add(batch)
    this.#filter.push(batch)
    this.#store(this.#filter.drain())
  }

  #store(batch: EventBatch): void {
    if (batch.length === 0) return
    this.#accumulator.add(batch)
    // Copied: a list that was pushed to has room for sixteen more, and a waiting stream holds its last batch.
    this.#ready = this.#ready.length === 0 ? batch.slice() : [...this.#ready, ...batch]
  }

  // Joined kind by kind, so that the estimate does not depend on how the stream was cut.
  #estimate(pending: EventBatch = NOTHING): Usage {
    const { toolCalls, ...answer } = (this.#raw ?? this.#accumulator).response()
    let { text, reasoning } = answer
    let calls = toolCalls.map((call) => JSON.stringify(call.arguments)).join('')
    for (const event of pending) {
      if (event.type === 'text-delta') text += event.text
      else if (event.type === 'reasoning-delta') reasoning += event.text
      else if (event.type === 'tool-call') calls += JSON.stringify(event.arguments)
    }
    return estimateUsage(this.#messages, text + reasoning + calls)
  }
}
