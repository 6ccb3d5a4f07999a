import type { Clock } from '../../core/clock.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ChatStateStore } from './chat-state-store.ts'
import type { GateState } from './connection-gate.ts'
import type { ChatFrame, StoredIds } from './frame.ts'
import type { ToolDecision } from './chat-client.ts'
import {
  failRunningTools,
  reduceFrames,
  totalUsage,
  type ChatMessage,
  type ChatPart,
} from './message-reducer.ts'
import type { BodyParts, ChatClientOptions, ResumeLimits } from './options.ts'
import { ChatRequests } from './request.ts'
import { makeRequest } from './request-body.ts'
import { ResumableStream, type ResumableStreamEnd } from './resumable-stream.ts'
import type { ChatSnapshot, OpenAnswer } from './snapshot-storage.ts'
import type { ChatConnection } from './state.ts'

/** Dependencies of an {@link AnswerLifecycle}. */
export interface AnswerLifecycleParts {
  readonly options: ChatClientOptions
  readonly limits: ResumeLimits
  readonly clock: Clock
  readonly state: ChatStateStore
  readonly gate: () => GateState
  /** Called when an answer was requested, or its connection or status has changed. */
  readonly onChange: () => void
  /** Called when an answer has grown, up to many times a second. */
  readonly onProgress: () => void
  /** Called when an answer has failed, before the state says so. */
  readonly onFailed: () => void
  /** Called when no answer is active any more. */
  readonly onIdle: () => void
}

type Answered = Promise<ChatMessage | undefined>

/** How to start or continue an answer. */
interface AnswerPlan {
  readonly messageId: string
  record: OpenAnswer
  /** Whether a request may have reached the server. */
  readonly sent: boolean
  /** Whether this replaces an earlier answer. */
  readonly isRegeneration?: boolean
  /** Whether to request a new answer if the server lost the stream. */
  readonly restartIfLost?: boolean
}

interface ActiveAnswer extends AnswerPlan {
  readonly stream: ResumableStream
  readonly answered: Answered
  /** The frame that ended the answer. */
  last?: StoredIds
}

/** Receives the answers of a conversation into its state, one at a time: requests, resumes, regenerates and stops them. */
export class AnswerLifecycle {
  /** The newest run that is over: its stream is not that of the next answer. */
  lastRunId: string | undefined
  readonly #parts: AnswerLifecycleParts
  readonly #requests: ChatRequests
  #active: ActiveAnswer | undefined
  /** The answer that failed and that the server may still hold. */
  #interrupted: AnswerPlan | undefined
  #lastBody: JsonObject | undefined

  constructor(parts: AnswerLifecycleParts) {
    this.#parts = parts
    this.#requests = new ChatRequests(parts.options)
  }

  get isActive(): boolean {
    return this.#active !== undefined
  }

  /** The part of a snapshot that describes the answers. */
  get record(): Pick<ChatSnapshot, 'open' | 'lastRunId'> {
    return { open: this.#active?.record ?? this.#interrupted?.record, lastRunId: this.lastRunId }
  }

  /** Requests an answer to the newest message. Resolves with it, however it ended. */
  request(body: JsonObject | undefined): Answered {
    this.#lastBody = body
    return this.#request(false)
  }

  /** Resumes the interrupted answer; without one, regenerates the last answer. */
  retry(): Answered {
    if (this.#active !== undefined) return this.#active.answered
    if (this.#interrupted === undefined) return this.#regenerate()
    return this.#resume({ ...this.#interrupted, sent: true, restartIfLost: true })
  }

  /** Goes on with the answer whose calls wait for these decisions. */
  decide(decisions: readonly ToolDecision[]): Answered {
    const { messages } = this.#parts.state.current
    const answer = messages.findLast(({ parts }) => parts.some(isWaiting))
    if (this.#active !== undefined || answer === undefined) return Promise.resolve(undefined)
    const body = { ...this.#lastBody, messageId: answer.id, decisions: decisions as unknown as JsonObject[] }
    return this.#resume({ record: { earlierRunId: this.lastRunId, body }, messageId: answer.id, sent: false })
  }

  /** Continues an answer of an earlier page. */
  restore(record: OpenAnswer, messageId: string): void {
    this.#lastBody = record.body
    void this.#resume({ record, messageId, sent: true })
  }

  stop(): void {
    if (this.#active === undefined) return
    this.#parts.state.set({ status: 'stopping' })
    this.#active.stream.stop()
  }

  /** Forgets the interrupted answer: `retry` then regenerates. */
  discardInterrupted(): void {
    this.#interrupted = undefined
  }

  /** Forgets everything about earlier answers. */
  reset(): void {
    this.#interrupted = undefined
    this.#lastBody = undefined
    this.lastRunId = undefined
  }

  /** Closes the connection of the active answer; its promise resolves with `undefined`. */
  abandon(stopsServer: boolean): void {
    const active = this.#active
    this.#active = undefined
    if (stopsServer) active?.stream.stop()
    active?.stream.abandon()
  }

  /** Passes a change of the gate on. `isBack`: do not wait for the next attempt. */
  onGateChange(isBack: boolean): void {
    this.#active?.stream.onGateChange(isBack)
  }

  #request(isRegeneration: boolean): Answered {
    const { state } = this.#parts
    const answer = state.newMessage('assistant', 'waiting')
    state.set({ messages: [...state.current.messages, answer] })
    const record = { earlierRunId: this.lastRunId, body: this.#lastBody }
    return this.#start({ record, messageId: answer.id, sent: false, isRegeneration })
  }

  #regenerate(): Answered {
    const { state, onIdle } = this.#parts
    const { messages } = state.current
    const at = messages.findLastIndex(({ role }) => role === 'user')
    if (at < 0) {
      onIdle()
      return Promise.resolve(undefined)
    }
    state.set({ messages: messages.filter(({ role }, index) => index <= at || role !== 'assistant') })
    return this.#request(true)
  }

  #resume(plan: AnswerPlan): Answered {
    this.#parts.state.updateMessage(plan.messageId, (message) => ({
      ...message,
      status: message.parts.length > 0 ? 'streaming' : 'waiting',
      error: undefined,
    }))
    return this.#start(plan)
  }

  #start(plan: AnswerPlan): Answered {
    const { options, state } = this.#parts
    const { record, messageId, sent } = plan
    const { promise: answered, resolve } = Promise.withResolvers<ChatMessage | undefined>()
    const stream = new ResumableStream(
      {
        ...this.#parts,
        requests: this.#requests,
        conversationId: state.current.conversationId,
        resume: options.resume ?? true,
        earlierRunId: record.earlierRunId,
        body: () => makeRequest(options, bodyParts(state, plan)),
        onFrames: (frames) => this.#onFrames(active, frames),
        onRun: (run) => (active.record = { ...active.record, run }),
        onConnection: (connection) => this.#onConnection(active, connection),
      },
      { run: record.run, sent },
    )
    const active: ActiveAnswer = { ...plan, stream, answered }
    this.#active = active
    this.#interrupted = undefined
    const status = state.message(messageId)?.status === 'streaming' ? 'streaming' : 'loading'
    state.set({ status, error: undefined, run: record.run })
    void stream.drive().then((end) => resolve(this.#finish(active, end)))
    return answered
  }

  #onConnection(active: ActiveAnswer, connection: ChatConnection): void {
    if (this.#active !== active) return
    this.#parts.state.set({ connection, run: active.record.run })
    this.#parts.onChange()
  }

  #onFrames(active: ActiveAnswer, frames: readonly ChatFrame[]): void {
    if (this.#active !== active) return
    const { options, state, onProgress } = this.#parts
    const { onFrame } = options
    if (onFrame !== undefined) for (const frame of frames) state.guard(() => onFrame(frame), 'onFrame failed')
    const last = frames.findLast(({ type }) => type === 'done' || type === 'error')
    if (last !== undefined) active.last = last as StoredIds
    const messages = state.current.messages.map((message) =>
      message.id === active.messageId ? reduceFrames(message, frames) : message,
    )
    const hasContent = messages.some(({ id, status }) => id === active.messageId && status === 'streaming')
    const { status: before } = state.current
    const status = before === 'loading' && hasContent ? 'streaming' : before
    state.set({ messages, status, run: active.record.run })
    onProgress()
  }

  #finish(active: ActiveAnswer, end: ResumableStreamEnd): ChatMessage | undefined | Answered {
    if (this.#active !== active) return undefined
    const { state, onChange, onFailed, onIdle } = this.#parts
    const { messageId, record } = active
    const closed = { connection: { state: 'closed' }, run: undefined } as const
    this.#active = undefined
    this.lastRunId = record.run?.id ?? this.lastRunId
    const error = end.type === 'failed' ? end.error : undefined
    if (error?.code === 'run-lost' && active.restartIfLost === true) {
      this.#lastBody = record.body
      state.set(closed)
      return this.#regenerate()
    }
    const status = end.type === 'done' ? 'complete' : end.type
    const isFinal = end.type === 'stopped' || (end.type === 'failed' && !end.resumable)
    state.updateMessage(messageId, (message) => ({
      ...(isFinal ? failRunningTools(message) : message),
      status,
      error: error && { kind: error.kind, message: error.message },
    }))
    if (end.type === 'failed') {
      onFailed()
      this.#interrupted = end.resumable ? active : undefined
    }
    // An answer that goes on keeps its id until it is over.
    const messages =
      this.#interrupted === undefined
        ? storedMessages(state.current.messages, active)
        : state.current.messages
    const answer = messages[state.current.messages.findIndex(({ id }) => id === messageId)]
    const usage = totalUsage(messages)
    state.set({ ...closed, messages, status: error === undefined ? 'idle' : 'error', error, usage })
    onChange()
    onIdle()
    return answer
  }
}

// The answer and its user message get the ids under which the server has stored them, by which a page changes them later.
function storedMessages(
  messages: readonly ChatMessage[],
  { messageId, last }: ActiveAnswer,
): readonly ChatMessage[] {
  const at = messages.findIndex(({ id }) => id === messageId)
  const asked = messages.findLastIndex(({ role }, index) => index < at && role === 'user')
  return messages.map((message, index) => {
    const id = index === at ? last?.messageId : index === asked ? last?.userMessageId : undefined
    return id === undefined ? message : { ...message, id }
  })
}

function bodyParts(
  { current: { conversationId, messages } }: ChatStateStore,
  { messageId, record, isRegeneration = false }: AnswerPlan,
): BodyParts {
  const at = messages.findIndex(({ id }) => id === messageId)
  return { conversationId, messages: messages.slice(0, at), body: record.body, isRegeneration }
}

function isWaiting(part: ChatPart): boolean {
  return part.type === 'tool' && part.state === 'needs-approval'
}
