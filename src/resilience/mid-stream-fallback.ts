import { addUsage } from '../core/add-usage.ts'
import type { Call } from '../core/call.ts'
import { ResponseAccumulator } from '../core/accumulate-response.ts'
import { errorTable, toLlmError, type LlmError } from '../core/error.ts'
import type { EventBatch, StreamEvent } from '../core/event.ts'
import { callSafely } from '../core/host-function.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt, ChatResponse, Usage } from '../core/response.ts'
import { abortedError } from '../core/abort.ts'

/** Starts an attempt that continues from `text`. Rejects if no target can. */
type Resume = (error: LlmError, text: string) => Promise<ResponseStream>

/**
 * A stream that is resumed on another attempt if it breaks inside its text. A `continued` event gives the offset at which the
 * new part begins; no text is delivered twice. A stream that breaks inside or after a tool call is not resumed.
 */
export class ResumedStream implements ResponseStream {
  readonly #call: Call
  readonly #resume: Resume
  readonly #accumulator: ResponseAccumulator
  readonly #onEnd: ((error?: LlmError) => void)[] = []
  #reply: ResponseStream
  #previousUsage: Usage[] = []
  #resumptions = 0
  #error: LlmError | undefined
  #over = false
  #inToolCall = false

  constructor(call: Call, reply: ResponseStream, resume: Resume) {
    this.#call = call
    this.#reply = reply
    this.#resume = resume
    this.#accumulator = new ResponseAccumulator(
      { provider: reply.provider, model: reply.model },
      call.target.reasoningScope,
    )
    call.scope.onAbort((error) => this.#settle(error))
    this.#follow(reply)
  }

  get provider(): string {
    return this.#reply.provider
  }

  get model(): string {
    return this.#reply.model
  }

  get attempts(): readonly Attempt[] {
    return this.#reply.attempts
  }

  async read(): Promise<EventBatch | null> {
    if (this.#error !== undefined) throw this.#error
    try {
      const batch = await this.#reply.read()
      return batch === null ? this.#end() : this.#pass(batch)
    } catch (error) {
      return this.#afterBreak(toLlmError(error, 'network', 'the stream broke'))
    }
  }

  cancel(reason?: unknown): void {
    if (this.#over) return
    this.#reply.cancel(reason)
    this.#fail(abortedError(reason))
  }

  onEnd(action: (error?: LlmError) => void): void {
    if (this.#over) action(this.#error)
    else this.#onEnd.push(action)
  }

  usage(): Usage {
    return [...this.#previousUsage, this.#reply.usage()].reduce(addUsage)
  }

  snapshot(attempts?: readonly Attempt[]): ChatResponse {
    if (this.#resumptions === 0) return this.#reply.snapshot(attempts)
    return this.#accumulator.response({ usage: () => this.usage(), attempts })
  }

  async #afterBreak(error: LlmError): Promise<EventBatch | null> {
    const { text, toolCalls } = this.#accumulator.response()
    const isInText = text !== '' && toolCalls.length === 0 && !this.#inToolCall
    if (!errorTable[error.kind].opensBreaker || !isInText || this.#call.scope.error !== undefined)
      this.#fail(error)
    const before = this.#reply
    try {
      this.#reply = await this.#resume(error, text)
      this.#follow(this.#reply)
    } catch {
      // The consumer gets the error that broke the stream, not the one of the failed resumption.
      this.#fail(error)
    }
    this.#previousUsage = [...this.#previousUsage, before.usage()]
    this.#resumptions++
    const { provider, model } = this.#reply
    const continued: StreamEvent = {
      type: 'continued',
      offset: text.length,
      provider,
      model,
      after: error.kind,
    }
    return this.#pass([continued])
  }

  // The `start` of a resumed part is dropped, because `continued` replaces it. Its usage includes that of earlier parts.
  #pass(batch: EventBatch): EventBatch {
    const events =
      this.#resumptions === 0
        ? batch
        : batch.filter(({ type }) => type !== 'start').map((event) => this.#withTotalUsage(event))
    for (const { type } of events) {
      if (type === 'tool-call-start') this.#inToolCall = true
      else if (type === 'tool-call') this.#inToolCall = false
    }
    this.#accumulator.add(events)
    return events
  }

  #withTotalUsage(event: StreamEvent): StreamEvent {
    if (event.type !== 'usage' && event.type !== 'finish') return event
    return { ...event, usage: [...this.#previousUsage, event.usage].reduce(addUsage) }
  }

  #end(): null {
    this.#settle()
    return null
  }

  #fail(error: LlmError): never {
    this.#error = this.#resumptions === 0 ? error : error.with({ partial: this.snapshot() })
    this.#settle(this.#error)
    throw this.#error
  }

  // A response that is complete or cannot be resumed releases its resources at once, even if it is not read to its end.
  #follow(reply: ResponseStream): void {
    reply.onEnd((error) => {
      if (error === undefined || !errorTable[error.kind].opensBreaker) this.#settle(error)
    })
  }

  #settle(error?: LlmError): void {
    if (this.#over) return
    this.#over = true
    for (const action of this.#onEnd.splice(0)) callSafely(() => action(error))
  }
}
