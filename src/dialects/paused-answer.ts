import { abortedError } from '../core/abort.ts'
import { ResponseAccumulator } from '../core/accumulate-response.ts'
import { responseToEvents } from '../core/response-events.ts'
import { addUsage } from '../core/add-usage.ts'
import type { Follow, FollowedCall } from '../core/dialect.ts'
import { toLlmError, type LlmError } from '../core/error.ts'
import type { EventBatch, StreamEvent } from '../core/event.ts'
import { callSafely } from '../core/host-function.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt, ChatResponse, Usage } from '../core/response.ts'

/** Number of times that a paused answer is continued. */
const MAX_PAUSES = 8

/** Follows an answer that the provider may pause with `reason`, because the request has tools that it runs. */
export function continuePaused(reason: string): Follow {
  return (call, reply, exchange) => {
    const { settings, extraBody, providerOptions } = call
    const mayPause = (settings.serverTools ?? extraBody?.['tools'] ?? providerOptions) !== undefined
    return mayPause ? new PausedAnswer(reason, { call, reply, exchange }) : reply
  }
}

interface Parts<C extends FollowedCall> {
  readonly call: C
  readonly reply: ResponseStream
  readonly exchange: (call: C) => Promise<ResponseStream>
}

/**
 * An answer that the provider may pause while it runs tools. A paused answer is sent back and goes on: the caller gets one
 * stream with one `start`, one `finish` and the sum of usage. After {@link MAX_PAUSES} it ends as the provider ended it.
 */
class PausedAnswer<C extends FollowedCall> implements ResponseStream {
  readonly #reason: string
  readonly #exchange: Parts<C>['exchange']
  readonly #onEnd: ((error?: LlmError) => void)[] = []
  #call: C
  #reply: ResponseStream
  /** All events so far; `undefined` before the first pause. */
  #whole: ResponseAccumulator | undefined
  #before: Usage | undefined
  #pauses = 0
  #goesOn = false
  #error: LlmError | undefined
  #over = false

  constructor(reason: string, { call, reply, exchange }: Parts<C>) {
    this.#reason = reason
    this.#call = call
    this.#reply = reply
    this.#exchange = exchange
    this.#follow()
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

  get isWhole(): boolean {
    return this.#pauses === 0 && this.#reply.isWhole === true && !this.#isPaused()
  }

  async read(): Promise<EventBatch | null> {
    if (this.#error !== undefined) throw this.#error
    try {
      if (this.#goesOn) await this.#continue()
      const batch = await this.#reply.read()
      return batch === null ? null : await this.#pass(batch)
    } catch (error) {
      return this.#fail(toLlmError(error, 'network', 'the stream broke'))
    }
  }

  cancel(reason?: unknown): void {
    if (this.#over) return
    this.#reply.cancel(reason)
    this.#error = abortedError(reason)
    this.#settle(this.#error)
  }

  onEnd(action: (error?: LlmError) => void): void {
    if (this.#over) action(this.#error)
    else this.#onEnd.push(action)
  }

  usage(): Usage {
    return this.#total(this.#reply.usage())
  }

  snapshot(attempts?: readonly Attempt[]): ChatResponse {
    const last = this.#reply.snapshot(attempts)
    if (this.#whole === undefined) return last
    const { requestId, providerRequestId, raw, attempts: all } = last
    const ids = { requestId, providerRequestId }
    const whole = this.#whole.response({ usage: () => this.usage(), attempts: all, ...ids })
    return raw === undefined ? whole : { ...whole, raw }
  }

  #isPaused(): boolean {
    const { rawFinishReason, toolCalls } = this.#reply.snapshot()
    return rawFinishReason === this.#reason && toolCalls.length === 0 && this.#pauses < MAX_PAUSES
  }

  #pass(batch: EventBatch): EventBatch | Promise<EventBatch | null> {
    const isLast = batch.at(-1)?.type === 'finish'
    this.#goesOn = isLast && this.#isPaused()
    if (this.#pauses === 0 && !this.#goesOn) return batch
    const events = batch.filter((event) => this.#isKept(event)).map((event) => this.#withTotal(event))
    this.#whole?.add(events)
    return events.length === 0 ? this.read() : events
  }

  // Of all parts the first has the start and the last has the end.
  #isKept({ type }: StreamEvent): boolean {
    if (type === 'start') return this.#pauses === 0
    return !this.#goesOn || (type !== 'finish' && type !== 'usage')
  }

  #withTotal(event: StreamEvent): StreamEvent {
    return event.type === 'usage' || event.type === 'finish'
      ? { ...event, usage: this.#total(event.usage) }
      : event
  }

  #total(usage: Usage): Usage {
    return this.#before === undefined ? usage : addUsage(this.#before, usage)
  }

  async #continue(): Promise<void> {
    this.#goesOn = false
    const { target, messages } = this.#call
    const paused = this.#reply.snapshot()
    if (this.#whole === undefined) {
      const { provider, model } = this.#reply
      this.#whole = new ResponseAccumulator({ provider, model }, target.reasoningScope)
      this.#whole.add(responseToEvents(paused).filter(({ type }) => type !== 'finish'))
    }
    this.#before = this.usage()
    this.#pauses++
    this.#call = {
      ...this.#call,
      // The answer goes back as it is, and is no start of an answer that a model may refuse.
      target: { ...target, rules: { ...target.rules, lastAssistant: 'continued' } },
      messages: [...messages, paused.message],
      previousAttempts: this.#reply.attempts,
    }
    this.#reply = await this.#exchange(this.#call)
    this.#follow()
  }

  #fail(error: LlmError): never {
    this.#error = this.#pauses === 0 ? error : error.with({ partial: this.snapshot() })
    this.#settle(this.#error)
    throw this.#error
  }

  #follow(): void {
    this.#reply.onEnd((error) => {
      if (error !== undefined || !this.#isPaused()) this.#settle(error)
    })
  }

  #settle(error?: LlmError): void {
    if (this.#over) return
    this.#over = true
    for (const action of this.#onEnd.splice(0)) callSafely(() => action(error))
  }
}
