import { ResponseAccumulator } from '../core/accumulate-response.ts'
import type { Call, OutputFilter } from '../core/call.ts'
import type { Fault, Fragment } from '../core/dialect.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import type { EventBatch } from '../core/event.ts'
import { loaded, type Loadable } from '../core/lazy.ts'
import type { Attempt, ChatResponse, Usage, Warning } from '../core/response.ts'
import { estimateCall } from '../core/tokens.ts'
import { yieldToEventLoop } from '../core/yield.ts'
import {
  createNormalizer,
  createTextSizeLimit,
  type Normalizer,
  type TextSizeLimit,
} from '../stream/index.ts'
import type { RenderedRequest } from './render-request.ts'

const NOTHING: readonly never[] = Object.freeze([])

function errorOf({ kind, message, ...details }: Fault): LlmError {
  return new LlmError(kind, message, details)
}

function outputOnly(outputTokens: number): Usage {
  return { inputTokens: 0, outputTokens, totalTokens: outputTokens, estimated: true }
}

/** What reads a response as its request was sent. */
export interface ResponseReading extends Pick<RenderedRequest, 'warnings' | 'answer'> {
  /** The caller's names of tools by those on the wire. */
  readonly toolNames?: ReadonlyMap<string, string> | undefined
}

/** Converts the fragments of one response to events, filters and buffers them, and accumulates the response. */
export class ResponseBuffer {
  /** Settles when an error inside the body is read: call `drain` then, also without a consumer. `undefined`: none is read. */
  reading: Promise<void> | undefined
  readonly #request: Pick<Call, 'messages' | 'settings' | 'estimateTokens'>
  readonly #normalizer: Normalizer
  readonly #sizeLimit: TextSizeLimit
  readonly #answer: ResponseReading['answer']
  readonly #accumulator: ResponseAccumulator
  readonly #filter: OutputFilter | undefined
  /** The unfiltered response, for usage and for observers of raw texts. `undefined` without a filter. */
  readonly #raw: ResponseAccumulator | undefined
  /** Warnings that are no events, because the call drops what its target lacks. */
  readonly #untold: readonly Warning[]
  #ready: EventBatch = NOTHING
  #fault: LlmError | undefined
  /** How the response ended before it was complete: left by its reader, or broken by the provider. */
  #cut: 'left' | 'broken' | undefined

  constructor(
    { target, streamLimits, messages, settings, schemas, outputFilter, estimateTokens, onUnsupported }: Call,
    { warnings, toolNames, answer }: ResponseReading,
  ) {
    this.#answer = answer
    const { provider, model, reasoningScope, dialect } = target
    this.#request = { messages, settings, estimateTokens }
    this.#accumulator = new ResponseAccumulator({ provider, model }, reasoningScope)
    const estimate = (pending: EventBatch): Usage => this.#estimate(answer?.peek(pending) ?? pending)
    const { finishReasons } = dialect
    const isTold = ({ type }: Warning): boolean => onUnsupported !== 'drop' || type === 'other'
    const told = warnings.filter(isTold)
    this.#untold = told.length === warnings.length ? NOTHING : warnings.filter((one) => !isTold(one))
    const { tools } = settings
    const split = dialect.splitter?.()
    const known = { provider, model, warnings: told, tools, schemas, toolNames, finishReasons, split }
    this.#normalizer = createNormalizer({ ...known, estimate })
    this.#sizeLimit = createTextSizeLimit(streamLimits.maxBytes)
    this.#filter = outputFilter?.()
    if (this.#filter !== undefined) this.#raw = new ResponseAccumulator({ provider, model }, '')
  }

  /** Number of content events that may be delivered. */
  get contents(): number {
    return this.#accumulator.contents
  }

  /** Number of content events that arrived, including those that the filter holds back. */
  get arrivedContents(): number {
    return (this.#raw ?? this.#accumulator).contents
  }

  /** Number of arrived steps of tools that the provider runs. */
  get arrivedSteps(): number {
    return (this.#raw ?? this.#accumulator).steps
  }

  /** Whether the filter has work left, or the provider's error is not read yet: call `drain` again after `rest`. */
  get hasPending(): boolean {
    return this.reading !== undefined || this.#filter?.hasPending === true
  }

  /** Resolves when `drain` can go on: in a later turn of the event loop, and when the provider's error is read. */
  rest(): Promise<void> {
    return this.reading ?? yieldToEventLoop()
  }

  /** Whether the finish reason has arrived. */
  get isStopped(): boolean {
    return this.#normalizer.stopped
  }

  /** Whether the response is complete. */
  get isFinished(): boolean {
    return this.#normalizer.finished
  }

  /** The error that ends the response: by moderation, by its size, or sent by the provider inside the body. */
  get error(): LlmError | undefined {
    return this.#filter?.error ?? this.#sizeLimit.error ?? this.#fault
  }

  /** Whether events wait to be read. */
  get hasReady(): boolean {
    return this.#ready.length > 0
  }

  /** Removes and returns the events that wait to be read. */
  takeReady(): EventBatch {
    const batch = this.#ready
    this.#ready = NOTHING
    return batch
  }

  /** Adds the fragments of one network read. */
  push(fragments: readonly Fragment[]): void {
    this.#filterAndStore(this.#sizeLimit.check(this.#normalizer.push(fragments)))
  }

  /** Called at the end of the body. Returns false if the response is not complete. */
  end(): boolean {
    const last = this.#normalizer.end()
    if (last !== undefined) this.#filterAndStore(last)
    return last !== undefined
  }

  /** Continues the work of the filter. */
  drain(): void {
    this.#store(this.#filter?.drain() ?? NOTHING)
  }

  /** Ends the work of the filter. */
  flush(): void {
    while (this.#filter?.hasPending === true) this.drain()
  }

  /** Records that `error` cut the response short, and returns it. Moderation and the size limit cut as a reader who leaves. */
  cutBy(error: LlmError): LlmError {
    const here = this.#filter?.error ?? this.#sizeLimit.error
    this.#cut = error.kind === 'aborted' || here !== undefined ? 'left' : 'broken'
    return error
  }

  /**
   * The usage that is charged for the response. Complete: as the provider reported it, or else estimated. Left by its reader:
   * the input, and what the model wrote. Broken by the provider: only what the model wrote.
   */
  usage(): Usage {
    const reported = this.#normalizer.usage
    if (this.#cut === undefined || (this.isStopped && reported !== undefined))
      return reported ?? this.#estimate()
    const written = this.#estimate()
    if (this.#cut === 'broken') return outputOnly(written.outputTokens)
    // A report from before the end counts the input, and the output only so far.
    const inputTokens = reported?.inputTokens || written.inputTokens
    const outputTokens = Math.max(reported?.outputTokens ?? 0, written.outputTokens)
    return {
      ...reported,
      inputTokens,
      outputTokens,
      totalTokens: inputTokens + outputTokens,
      estimated: true,
    }
  }

  /** The response accumulated so far. */
  response(known: {
    readonly requestId?: string | undefined
    readonly providerRequestId?: string | undefined
    readonly attempts?: readonly Attempt[] | undefined
  }): ChatResponse {
    const response = this.#accumulator.response({ usage: () => this.usage(), ...known })
    return this.#untold.length === 0
      ? response
      : { ...response, warnings: [...this.#untold, ...response.warnings] }
  }

  /** The unfiltered text. */
  rawText(): string {
    return (this.#raw ?? this.#accumulator).response().text
  }

  #filterAndStore(given: EventBatch): void {
    const batch = this.#answer?.convert(given) ?? given
    if (this.#normalizer.fault !== undefined) this.#readFault(this.#normalizer.fault)
    if (this.#filter === undefined) return this.#store(batch)
    this.#raw?.add(batch)
    this.#filter.push(batch)
    this.#store(this.#filter.drain())
  }

  #store(batch: EventBatch): void {
    if (batch.length === 0) return
    this.#accumulator.add(batch)
    // Copied, because an array that grew has spare capacity, and a waiting stream keeps its last batch in memory.
    this.#ready = this.#ready.length === 0 ? batch.slice() : [...this.#ready, ...batch]
  }

  #readFault(fault: Loadable<Fault>): void {
    if (this.#fault !== undefined || this.reading !== undefined) return
    const found = loaded(fault)
    const end = (error: unknown): void => {
      this.reading = undefined
      this.#fault = toLlmError(error, 'reply-malformed', 'the reply is not valid')
    }
    if (found instanceof Promise) this.reading = found.then(errorOf).then(end, end)
    else this.#fault = errorOf(found)
  }

  // Joined by kind, so that the estimate does not depend on the boundaries of network reads.
  #estimate(pending: EventBatch = NOTHING): Usage {
    const ended = pending.flatMap((event) => (event.type === 'tool-call' ? [event.id] : []))
    let { text, reasoning, calls } = (this.#raw ?? this.#accumulator).output(new Set(ended))
    for (const event of pending) {
      if (event.type === 'text-delta') text += event.text
      else if (event.type === 'reasoning-delta') reasoning += event.text
      else if (event.type === 'tool-call') calls += JSON.stringify(event.arguments)
    }
    return estimateCall(this.#request, text + reasoning + calls)
  }
}
