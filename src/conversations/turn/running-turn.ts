import { sumUsage } from '../../core/add-usage.ts'
import { abortedBy, onAbort, untilAborted, type AbortSources } from '../../core/abort.ts'
import type { Clock } from '../../core/clock.ts'
import { toLlmError, type LlmError } from '../../core/error.ts'
import type { StreamEvent } from '../../core/event.ts'
import { callSafely, within } from '../../core/host-function.ts'
import type { Message } from '../../core/message.ts'
import type { ChatRequest } from '../../core/request.ts'
import type { ChatResponse, Usage } from '../../core/response.ts'
import { Turn } from '../../core/turn.ts'
import {
  type ServiceContext,
  type TurnPlan,
  type TurnResult,
  callerOf,
  textOfContent,
} from '../contract/index.ts'
import {
  joinResponses,
  type AgentUsage,
  type DecidedCall,
  type LoopRun,
  type ModelStream,
} from '../../tools/index.ts'
import { TurnCalls } from './turn-calls.ts'
import { TurnReport } from './turn-report.ts'
import { allowedQuestion } from './turn-rows.ts'
import { TurnTools } from './turn-tools.ts'
import { type StoredAnswer, TurnWriter } from './turn-writer.ts'

/** How long the end of a turn waits for its last write after an abort or a failure, in ms. */
const GRACE_MS = 1_000
/** How long after an abort `texts.answer` may still change what is stored, in ms. */
const TRANSFORM_MS = 500

/** One turn while it runs: decides when the user message, the tool rounds and the answer are written, each once. */
export class RunningTurn implements LoopRun<TurnResult> {
  readonly plan: TurnPlan
  readonly isStream: boolean
  /** Resolves when nothing more of this turn will be written. */
  readonly over: Promise<void>
  readonly #endOver: () => void
  readonly #service: ServiceContext
  readonly #abort = new AbortController()
  readonly #clock: Clock
  readonly #turn: Turn
  readonly #tools: TurnTools
  readonly #calls: TurnCalls
  readonly #writer: TurnWriter
  readonly #report: TurnReport
  #admitted = false
  /** Whether the running call has told its response, which is then stored or charged. */
  #callEnded = true
  #prompt: string
  /** Responses of the completed rounds. */
  readonly #kept: ChatResponse[] = []
  #openResponse: ChatResponse | undefined
  #lastResponse: ChatResponse | undefined
  #stored: Promise<StoredAnswer> | undefined

  constructor(service: ServiceContext, plan: TurnPlan, stream: boolean) {
    this.plan = plan
    this.isStream = stream
    this.#service = service
    this.#clock = service.clock
    const { identity, requestId, conversationId, settings } = plan
    const { parent } = settings
    const { userId, tags } = callerOf(identity, settings.tags)
    this.#turn = new Turn({ requestId, userId, conversationId, tags, parent, signal: this.#abort.signal })
    this.#turn.scope.onAbort((error) => this.#abort.abort(error))
    this.#tools = new TurnTools(service, plan, this.#turn)
    this.#calls = new TurnCalls(plan, service.options.maxToolRounds)
    this.#writer = new TurnWriter(service, plan)
    this.#report = new TurnReport(service, plan, stream)
    this.#prompt = plan.questionText
    const { promise, resolve } = Promise.withResolvers<void>()
    this.over = promise
    const { signal } = settings
    const pass = (): void => this.#abort.abort(signal?.reason)
    if (signal?.aborted === true) pass()
    else signal?.addEventListener('abort', pass, { once: true })
    this.#endOver = () => {
      signal?.removeEventListener('abort', pass)
      this.#turn.end()
      resolve()
    }
  }

  /** Aborts the turn's call and tools. */
  abort(reason?: unknown): void {
    this.#abort.abort(reason)
  }

  /** Makes the next model call. Past messages that are refused by now are left out, with a warning. */
  async ask(): Promise<ChatResponse | ModelStream> {
    const { orchestrator } = this.#service.options
    for (;;) {
      try {
        return await orchestrator.chatApiCall({ ...this.#call(), stream: this.isStream })
      } catch (error) {
        const reasons = this.#calls.leaveOut(error)
        if (reasons === undefined) throw error
        for (const reason of reasons) this.#report.leftOut(reason)
      }
    }
  }

  // Its callbacks write the user message before the call is sent, and the answer when it ends.
  #call(): ChatRequest {
    this.#callEnded = false
    return {
      ...this.plan.settings,
      ...this.#calls.toolSettings,
      ...this.#calls.next(),
      signal: this.#abort.signal,
      parent: this.#turn.round,
      onAdmitted: ({ messages }) => this.#writeQuestion(messages),
      onEnd: (response, error) => this.#ended(response, error),
    }
  }

  /** Number of completed tool rounds. */
  get stepCount(): number {
    return this.#calls.rounds
  }

  get open(): ChatResponse | undefined {
    return this.#tools.open
  }

  get waiting(): readonly StreamEvent[] {
    return this.#tools.waiting
  }

  async decide(response: ChatResponse): Promise<readonly DecidedCall[] | undefined> {
    const calls = this.#calls.runnable(response)
    return calls && this.#tools.decide(calls, { tools: this.#calls.tools, step: this.stepCount })
  }

  async runTools(calls: readonly DecidedCall[], tell: (event: StreamEvent) => void): Promise<boolean> {
    await this.#tools.run(calls, { step: this.stepCount, tell })
    return true
  }

  /** Usage of all model calls so far. */
  get usage(): Usage {
    return this.#report.usage
  }

  /** The responses so far as one; `undefined` before the first call ended. */
  get partial(): ChatResponse | undefined {
    return soFar(this.#kept, this.#lastResponse, this.#tools.agents)
  }

  /** Stores a tool round: the calls, unless they are stored already, and their results, in one transaction. */
  async keepStep(response: ChatResponse): Promise<boolean> {
    this.#openResponse = undefined
    this.#kept.push(response)
    this.#lastResponse = undefined
    const stored = this.#tools.takeOpen()
    const fresh = stored === undefined ? response : undefined
    const outcomes = this.#tools.takeOutcomes(response)
    const rows = this.#writer.roundRows(fresh, outcomes)
    this.#calls.addRound(stored === undefined ? rows : [stored, ...rows])
    this.#report.addRound(fresh, outcomes)
    await this.#writer.writeRound(rows, response)
    return true
  }

  /** Stores the answer and returns the turn's result. */
  async finish(response: ChatResponse): Promise<{ readonly result: TurnResult; readonly usage: Usage }> {
    const stored = await untilAborted(this.#graced(GRACE_MS), this.#storeAnswer(response, false))
    const { pending, agents } = this.#tools
    const result = stored.other ?? { ...this.#report.result(response, stored), pending, agents }
    if (stored.other === undefined) this.#report.audit(this.#prompt, { result })
    return { result, usage: result.totalUsage }
  }

  /** Stores the partial answer and returns the error that ended the turn, with the turn so far as `partial`. */
  async fail(error: unknown): Promise<LlmError> {
    const { requestId } = this.plan
    const thrown = toLlmError(error, 'server-failed', 'the turn failed').with({ requestId })
    // The earlier rounds are charged already.
    if (!this.#callEnded && thrown.partial !== undefined) this.#writer.chargeAlone(thrown.partial)
    const partial = soFar(this.#kept, thrown.partial ?? this.#openResponse, this.#tools.agents)
    const known = partial === undefined ? thrown : thrown.with({ partial })
    await this.leave()
    this.#report.audit(this.#prompt, { error: known })
    return known
  }

  /** Ends the turn. If the consumer stopped early, the response so far is stored as a partial answer. */
  async leave(): Promise<void> {
    if (this.#openResponse !== undefined) void this.#storeAnswer(this.#openResponse, true)
    if (this.#stored === undefined) this.#endOver()
    else await within(this.#clock, GRACE_MS, this.#stored)
    this.#tools.end()
    this.#turn.end()
  }

  #graced(ms: number): AbortSources {
    return graced(this.#abort.signal, { clock: this.#clock, ms })
  }

  async #writeQuestion(allowed: readonly Message[]): Promise<void> {
    if (this.#admitted) return
    this.#admitted = true
    const question = allowedQuestion(this.plan, allowed[this.#calls.currentAt])
    if (this.plan.persist && question !== undefined) this.#prompt = textOfContent(question.content)
    await this.#writer.writeQuestion(question, this.#abort.signal)
    const { conversationId, answerId: messageId, questionId: userMessageId } = this.plan
    callSafely(() => this.plan.onAccepted?.({ conversationId, messageId, userMessageId }))
  }

  // The orchestrator calls this at the end of every call, also if the response is not read any more.
  #ended(response: ChatResponse, error: LlmError | undefined): void {
    this.#callEnded = true
    this.#lastResponse = response
    if (error === undefined && this.#calls.runnable(response) !== undefined) this.#openResponse = response
    else if (error === undefined) void this.#storeAnswer(response, false).catch(() => undefined)
    else if (hasContent(response)) void this.#storeAnswer(response, true).catch(() => undefined)
    else this.#writer.chargeAlone(response)
  }

  #storeAnswer(response: ChatResponse, partial: boolean): Promise<StoredAnswer> {
    this.#openResponse = undefined
    return (this.#stored ??= this.#writeAnswer(response, partial).finally(this.#endOver))
  }

  #writeAnswer(response: ChatResponse, partial: boolean): Promise<StoredAnswer> {
    this.#report.add(response)
    const { pending } = this.#tools
    return this.#writer.writeAnswer(response, { partial, pending, until: this.#graced(TRANSFORM_MS) })
  }
}

// A store that does not answer delays the end of an aborted turn by this much, and goes on by itself.
function graced(
  signal: AbortSignal,
  { clock, ms }: { readonly clock: Clock; readonly ms: number },
): AbortSources {
  const sources = { signal }
  const onAbortLater = (action: (error: LlmError) => void): (() => void) => {
    const wait = (error: LlmError): void => void clock.setTimer(() => action(error), ms)
    const over = abortedBy(sources)
    if (over === undefined) return onAbort(sources, wait)
    wait(over)
    return () => undefined
  }
  return { scope: { error: undefined, onAbort: onAbortLater } }
}

function hasContent({ text, reasoning, toolCalls, files }: ChatResponse): boolean {
  return text !== '' || reasoning !== '' || toolCalls.length > 0 || files.length > 0
}

// The turn so far is all that its rounds and its last response said, with what agents have used for it.
function soFar(
  kept: readonly ChatResponse[],
  last: ChatResponse | undefined,
  agents: readonly AgentUsage[],
): ChatResponse | undefined {
  const joined = joinResponses(last === undefined || kept.includes(last) ? kept : [...kept, last])
  return joined && { ...joined, usage: sumUsage([joined.usage, ...agents.map(({ usage }) => usage)]) }
}
