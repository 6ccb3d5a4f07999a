import { systemClock, type Clock, type Timer } from '../../core/clock.ts'
import type { JsonObject } from '../../core/json.ts'
import { ResumableStream, type ResumableStreamEnd, type ResumeLimits } from './resumable-stream.ts'
import { ChatStateStore } from './chat-state-store.ts'
import type { SendOptions } from './chat-client.ts'
import type { ChatFrame } from './frame.ts'
import { reduceFrames, failRunningTools, totalUsage, type ChatMessage } from './message-reducer.ts'
import { makeRequest, validateText } from './request-body.ts'
import type { BodyParts, ChatClientOptions } from './options.ts'
import { PendingMessages, type Settle } from './pending-messages.ts'
import { browserPage, type PageVisibility } from './page-visibility.ts'
import { frameError } from './response-errors.ts'
import { ChatRequests } from './request.ts'
import { SnapshotWriter } from './snapshot-writer.ts'
import { readSnapshot, type ChatSnapshot, type OpenAnswer } from './snapshot-storage.ts'
import { Throttle } from './throttle.ts'

interface Current {
  readonly answer: ResumableStream
  readonly messageId: string
  open: OpenAnswer
  readonly settled: Promise<ChatMessage | undefined>
}

/** How an answer is gone about. */
interface ResumePlan {
  readonly open: OpenAnswer
  readonly messageId: string
  /** The request may have reached the server. */
  readonly sent: boolean
  /** An earlier answer was thrown away. */
  readonly isRegeneration?: boolean
  /** What is lost is asked for again. */
  readonly restartIfLost?: boolean
}

const STORE_EVERY_MS = 1_000

/** One conversation: its queue, its answer under way, what is stored of it. */
export class ChatSession {
  readonly board: ChatStateStore
  readonly ready: Promise<void>
  readonly #options: ChatClientOptions
  readonly #limits: ResumeLimits
  readonly #clock: Clock
  readonly #page: PageVisibility
  readonly #requests: ChatRequests
  readonly #throttle: Throttle
  readonly #saver: SnapshotWriter | undefined
  readonly #unwatch: () => void
  readonly #outbox = new PendingMessages()
  #current: Current | undefined
  /** An answer that failed, and that the server may still hold. */
  #broken: ResumePlan | undefined
  #lastBody: JsonObject | undefined
  #lastRunId: string | undefined
  /** After a failure nothing is sent until somebody says so. */
  #isHaltedByError = false
  #paused = false
  #loaded = false
  #disposed = false
  #wasOnline: boolean
  #wasVisible: boolean
  #throttleTimer: Timer | undefined

  constructor(options: ChatClientOptions, limits: ResumeLimits) {
    const { clock = systemClock, page = browserPage(), store, throttle, conversationId } = options
    this.#options = options
    this.#limits = limits
    this.#clock = clock
    this.#page = page
    this.#requests = new ChatRequests(options)
    this.#throttle = new Throttle(throttle)
    this.board = new ChatStateStore(clock, options.onError, conversationId)
    const everyMs = options.storeEveryMs ?? STORE_EVERY_MS
    const onError = (error: unknown): void => this.board.reportError(error, 'The chat could not be stored')
    const snapshot = (): ChatSnapshot => this.#snapshot()
    this.#saver = store && new SnapshotWriter({ store, clock, everyMs, snapshot, onError })
    this.#wasOnline = page.isOnline()
    this.#wasVisible = page.isVisible()
    this.#unwatch = page.watch(() => this.#pageChanged())
    this.ready = this.#load()
  }

  send(text: string, { files = [], body }: SendOptions = {}): Promise<ChatMessage | undefined> {
    const refusal = validateText(text, files.length > 0, this.#options.maxCharacters)
    if (refusal !== undefined) {
      const refused = Promise.reject<undefined>(refusal)
      refused.catch(() => undefined)
      return refused
    }
    if (this.#disposed) return Promise.resolve(undefined)
    const words = text === '' ? [] : [{ type: 'text' as const, text }]
    const message: ChatMessage = {
      ...this.board.newMessage('user', 'queued'),
      text,
      parts: [...words, ...files],
    }
    const answered = this.#outbox.add(message, body)
    this.#showQueue()
    this.#sendNext()
    return answered
  }

  stop(): void {
    if (this.#current === undefined) return
    this.board.set({ status: 'stopping' })
    this.#current.answer.stop()
  }

  retry(): Promise<ChatMessage | undefined> {
    if (this.#current !== undefined) return this.#current.settled
    if (this.#disposed || !this.#loaded) return Promise.resolve(undefined)
    this.#isHaltedByError = false
    const { promise, resolve: settle } = Promise.withResolvers<ChatMessage | undefined>()
    if (this.#broken === undefined) this.#regenerate(settle)
    else this.#resume({ ...this.#broken, restartIfLost: true }, settle)
    return promise
  }

  dismissError(): void {
    this.#broken = undefined
    if (this.board.state.status === 'error') this.board.set({ status: 'idle', error: undefined })
    this.#sendNext()
  }

  unqueue(messageId: string): boolean {
    if (!this.#outbox.remove(messageId)) return false
    this.#showQueue()
    if (this.#outbox.isEmpty) this.#clock.clearTimer(this.#throttleTimer)
    if (this.#outbox.isEmpty && this.#current === undefined)
      this.board.set({ connection: { state: 'closed' } })
    return true
  }

  notify(given: Pick<ChatMessage, 'text'> & Partial<ChatMessage>): void {
    const fresh = this.board.newMessage('notice', 'complete')
    const parts = [{ type: 'text' as const, text: given.text }]
    const message: ChatMessage = { ...fresh, parts, ...given }
    const isKnown = this.board.state.messages.some(({ id }) => id === message.id)
    if (isKnown) this.board.change(message.id, () => message)
    else this.board.set({ messages: [...this.board.state.messages, message] })
    this.#saver?.now()
  }

  setPaused(paused: boolean): void {
    if (this.#paused === paused || this.#disposed) return
    this.#paused = paused
    this.#current?.answer.nudge(!paused)
    this.#pump()
  }

  reset(conversationId?: string): void {
    this.#leave(true)
    this.#loaded = true
    this.#broken = undefined
    this.#lastBody = undefined
    this.#lastRunId = undefined
    this.#isHaltedByError = false
    this.board.clear(conversationId)
    if (!this.#disposed) this.#saver?.clear()
  }

  dispose(): void {
    if (this.#disposed) return
    if (this.#loaded) this.#saver?.now()
    this.#disposed = true
    this.#saver?.cancel()
    this.#unwatch()
    this.board.removeListeners()
    this.#leave(false)
  }

  #leave(stop: boolean): void {
    this.#clock.clearTimer(this.#throttleTimer)
    const current = this.#current
    this.#current = undefined
    if (stop) current?.answer.stop()
    current?.answer.abandon()
    this.#outbox.clear()
  }

  /** Somebody wants something: a failure does not stand in its way. */
  #sendNext(): void {
    this.#isHaltedByError = false
    this.#pump()
  }

  /** Sends the first message that waits, if now is the time. */
  #pump(): void {
    if (this.#disposed || !this.#loaded || this.#isHaltedByError || this.#current !== undefined) return
    if (this.#outbox.isEmpty) return
    this.#clock.clearTimer(this.#throttleTimer)
    const gate = this.#connectionGate()
    if (gate !== 'open') return this.board.set({ connection: { state: gate } })
    const waitMs = this.#throttle.waitMs(this.#clock.now())
    if (waitMs > 0) {
      this.#throttleTimer = this.#clock.setTimer(() => this.#pump(), waitMs)
      return this.board.set({ connection: { state: 'throttled', untilMs: this.#clock.epochMs() + waitMs } })
    }
    this.#throttle.add(this.#clock.now())
    const next = this.#outbox.take()
    if (next === undefined) return
    const { message, body, settle } = next
    this.board.set({ messages: [...this.board.state.messages, { ...message, status: 'complete' }] })
    this.#showQueue()
    this.#lastBody = body
    this.#ask(settle)
  }

  /** Asks for an answer to what was said last. */
  #ask(settle: Settle, again = false): void {
    const answer = this.board.newMessage('assistant', 'waiting')
    this.board.set({ messages: [...this.board.state.messages, answer] })
    const open = { earlierRunId: this.#lastRunId, body: this.#lastBody }
    this.#follow({ open, messageId: answer.id, sent: false, isRegeneration: again }, settle)
  }

  #regenerate(settle: Settle): void {
    const { messages } = this.board.state
    const at = messages.findLastIndex(({ role }) => role === 'user')
    if (at < 0) {
      settle(undefined)
      return this.#sendNext()
    }
    this.board.set({ messages: messages.filter(({ role }, index) => index <= at || role !== 'assistant') })
    this.#ask(settle, true)
  }

  #resume(way: ResumePlan, settle: Settle): void {
    this.board.change(way.messageId, (message) => ({
      ...message,
      status: message.parts.length > 0 ? 'streaming' : 'waiting',
      error: undefined,
    }))
    this.#follow({ ...way, sent: true }, settle)
  }

  #follow(way: ResumePlan, settle: Settle): void {
    const { messageId, open, sent } = way
    const { promise: settled, resolve } = Promise.withResolvers<ChatMessage | undefined>()
    const answer: ResumableStream = new ResumableStream(
      {
        requests: this.#requests,
        clock: this.#clock,
        limits: this.#limits,
        conversationId: this.board.state.conversationId,
        resume: this.#options.resume ?? true,
        earlierRunId: open.earlierRunId,
        gate: () => this.#connectionGate(),
        body: () => makeRequest(this.#options, this.#bodyParts(way)),
        onFrames: (frames) => this.#take(current, frames),
        onRun: (run) => {
          current.open = { ...current.open, run }
        },
        onConnection: (connection) => {
          if (this.#current !== current) return
          this.board.set({ connection, run: current.open.run })
          this.#saver?.now()
        },
      },
      { run: open.run, sent },
    )
    const current: Current = { answer, messageId, open, settled }
    this.#current = current
    this.#broken = undefined
    const isBegun = this.board.message(messageId)?.status === 'streaming'
    this.board.set({ status: isBegun ? 'streaming' : 'loading', error: undefined, run: open.run })
    const finish: Settle = (message) => {
      resolve(message)
      settle(message)
    }
    void answer.drive().then((end) => this.#ended(current, { ...way, open: current.open }, { end, finish }))
  }

  #bodyParts({ messageId, open, isRegeneration: again = false }: ResumePlan): BodyParts {
    const { conversationId, messages } = this.board.state
    const at = messages.findIndex(({ id }) => id === messageId)
    return { conversationId, messages: messages.slice(0, at), body: open.body, isRegeneration: again }
  }

  #take(current: Current, frames: readonly ChatFrame[]): void {
    const { onFrame } = this.#options
    if (this.#current !== current) return
    if (onFrame !== undefined)
      for (const frame of frames) this.board.guard(() => onFrame(frame), 'onFrame failed')
    const messages = this.board.state.messages.map((message) =>
      message.id === current.messageId ? reduceFrames(message, frames) : message,
    )
    const isBegun = messages.some(({ id, status }) => id === current.messageId && status === 'streaming')
    const status = this.board.state.status === 'loading' && isBegun ? 'streaming' : this.board.state.status
    this.board.set({ messages, status, run: current.open.run })
    this.#saver?.soon()
  }

  #ended(
    current: Current,
    way: ResumePlan,
    { end, finish }: { readonly end: ResumableStreamEnd; readonly finish: Settle },
  ): void {
    if (end.type === 'left' || this.#current !== current) return finish(undefined)
    this.#current = undefined
    this.#lastRunId = way.open.run?.id ?? this.#lastRunId
    const closed = { connection: { state: 'closed' }, run: undefined } as const
    if (end.type === 'failed' && end.error.code === 'run-lost' && way.restartIfLost === true) {
      this.#lastBody = way.open.body
      this.board.set(closed)
      return this.#regenerate(finish)
    }
    const error = end.type === 'failed' ? end.error : undefined
    const told = error && { kind: error.kind, message: error.message }
    const status = end.type === 'done' ? 'complete' : end.type
    const isOver = end.type === 'stopped' || (end.type === 'failed' && !end.resumable)
    this.board.change(way.messageId, (message) => ({
      ...(isOver ? failRunningTools(message) : message),
      status,
      error: told,
    }))
    const usage = totalUsage(this.board.state.messages)
    if (end.type === 'failed') {
      this.#isHaltedByError = true
      this.#broken = end.resumable ? way : undefined
    }
    this.board.set({ ...closed, status: error === undefined ? 'idle' : 'error', error, usage })
    this.#saver?.now()
    finish(this.board.message(way.messageId))
    this.#pump()
  }

  #connectionGate(): 'open' | 'offline' | 'paused' {
    const isHidden = this.#options.whenHidden === 'pause' && !this.#page.isVisible()
    if (this.#paused || isHidden) return 'paused'
    return this.#page.isOnline() ? 'open' : 'offline'
  }

  #pageChanged(): void {
    const isOnline = this.#page.isOnline()
    const isVisible = this.#page.isVisible()
    const isBack = (isOnline && !this.#wasOnline) || (isVisible && !this.#wasVisible)
    this.#wasOnline = isOnline
    this.#wasVisible = isVisible
    // The page may be about to go.
    if (this.#loaded) this.#saver?.now()
    this.#current?.answer.nudge(isBack)
    if (isBack) this.#pump()
  }

  #load(): Promise<void> {
    const { store } = this.#options
    const fail = (error: unknown): void => {
      this.board.reportError(error, 'The stored chat could not be read')
      this.#restore(undefined)
    }
    try {
      const found = store?.load()
      if (found instanceof Promise) return found.then((value) => this.#restore(value), fail)
      this.#restore(found)
    } catch (error) {
      fail(error)
    }
    return Promise.resolve()
  }

  #restore(found: unknown): void {
    if (this.#disposed || this.#loaded) return
    this.#loaded = true
    const { conversationId: asked } = this.#options
    const kept = readSnapshot(found)
    const isOurs = kept !== undefined && (asked === undefined || asked === kept.conversationId)
    if (!isOurs) return this.#pump()
    const { conversationId, messages, queue, open } = kept
    this.#outbox.restore(queue)
    this.#lastRunId = open?.earlierRunId ?? kept.lastRunId
    const last = messages.findLast(({ role }) => role === 'assistant')
    const failed = last?.status === 'failed' ? last.error : undefined
    const error = failed && frameError({ code: failed.kind, message: failed.message })
    const usage = totalUsage(messages)
    this.board.set({ conversationId, messages, usage, status: error === undefined ? 'idle' : 'error', error })
    this.#showQueue()
    this.#isHaltedByError = error !== undefined
    if (open === undefined || last === undefined) return this.#pump()
    this.#lastBody = open.body
    this.#isHaltedByError = false
    this.#resume({ open, messageId: last.id, sent: true }, () => undefined)
  }

  #snapshot(): ChatSnapshot {
    const { conversationId, messages } = this.board.state
    const queue = this.#outbox.records
    const open = this.#current?.open ?? this.#broken?.open
    return { version: 1, conversationId, messages, queue, open, lastRunId: this.#lastRunId }
  }

  #showQueue(): void {
    this.board.set({ queue: this.#outbox.messages })
    if (this.#loaded) this.#saver?.now()
  }
}
