import type { Call } from '../core/call.ts'
import { ResponseAccumulator } from '../core/accumulate-response.ts'
import { errorTable, toLlmError, type LlmError } from '../core/error.ts'
import type { EventBatch, StreamEvent } from '../core/event.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt, ChatResponse, Usage } from '../core/response.ts'
import { abortedError } from '../core/call-scope.ts'

/** Makes the try that goes on from `text`. Rejects where there is none. */
type GoOn = (error: LlmError, text: string) => Promise<ResponseStream>

/**
 * A stream that goes on elsewhere when it breaks in the middle of its text. The reader is told by a `continued` event
 * with the offset at which the new part begins; nothing is sent twice, and nothing is continued inside a tool call.
 */
export class ResumedStream implements ResponseStream {
  readonly #call: Call
  readonly #goOn: GoOn
  readonly #collector: ResponseAccumulator
  readonly #onEnd: ((error?: LlmError) => void)[] = []
  #reply: ResponseStream
  #spent: Usage[] = []
  #splices = 0
  #error: LlmError | undefined
  #over = false
  #inToolCall = false

  constructor(call: Call, reply: ResponseStream, goOn: GoOn) {
    this.#call = call
    this.#reply = reply
    this.#goOn = goOn
    this.#collector = new ResponseAccumulator(
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
    return [...this.#spent, this.#reply.usage()].reduce(addUsage)
  }

  snapshot(attempts?: readonly Attempt[]): ChatResponse {
    if (this.#splices === 0) return this.#reply.snapshot(attempts)
    return this.#collector.response({ usage: () => this.usage(), attempts })
  }

  async #afterBreak(error: LlmError): Promise<EventBatch | null> {
    const { text, toolCalls } = this.#collector.response()
    const inText = text !== '' && toolCalls.length === 0 && !this.#inToolCall
    if (!errorTable[error.kind].opensBreaker || !inText || this.#call.scope.error !== undefined)
      this.#fail(error)
    const before = this.#reply
    try {
      this.#reply = await this.#goOn(error, text)
      this.#follow(this.#reply)
    } catch {
      // The first break is what the reader has to know.
      this.#fail(error)
    }
    this.#spent = [...this.#spent, before.usage()]
    this.#splices++
    const { provider, model } = this.#reply
    const splice: StreamEvent = { type: 'continued', offset: text.length, provider, model, after: error.kind }
    return this.#pass([splice])
  }

  // A second part begins anew: its start is told as `continued`, its usage is added to what was spent before.
  #pass(batch: EventBatch): EventBatch {
    const events =
      this.#splices === 0
        ? batch
        : batch.filter(({ type }) => type !== 'start').map((event) => this.#summed(event))
    for (const { type } of events) {
      if (type === 'tool-call-start') this.#inToolCall = true
      else if (type === 'tool-call') this.#inToolCall = false
    }
    this.#collector.add(events)
    return events
  }

  #summed(event: StreamEvent): StreamEvent {
    if (event.type !== 'usage' && event.type !== 'finish') return event
    return { ...event, usage: [...this.#spent, event.usage].reduce(addUsage) }
  }

  #end(): null {
    this.#settle()
    return null
  }

  #fail(error: LlmError): never {
    this.#error = this.#splices === 0 ? error : error.with({ partial: this.snapshot() })
    this.#settle(this.#error)
    throw this.#error
  }

  // An answer that is complete upstream, or ended for good, holds nothing any more, read or not.
  #follow(reply: ResponseStream): void {
    reply.onEnd((error) => {
      if (error === undefined || !errorTable[error.kind].opensBreaker) this.#settle(error)
    })
  }

  #settle(error?: LlmError): void {
    if (this.#over) return
    this.#over = true
    for (const action of this.#onEnd.splice(0)) action(error)
  }
}

function addUsage(a: Usage, b: Usage): Usage {
  const sum = (x: number | undefined, y: number | undefined): number | undefined =>
    x === undefined && y === undefined ? undefined : (x ?? 0) + (y ?? 0)
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
    cachedInputTokens: sum(a.cachedInputTokens, b.cachedInputTokens),
    cacheWriteTokens: sum(a.cacheWriteTokens, b.cacheWriteTokens),
    reasoningTokens: sum(a.reasoningTokens, b.reasoningTokens),
    ...(a.estimated === true || b.estimated === true ? { estimated: true } : undefined),
  }
}
