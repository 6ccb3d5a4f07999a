import { addUsage } from '../core/add-usage.ts'
import { abortedError, untilAborted } from '../core/abort.ts'
import type { Clock } from '../core/clock.ts'
import { toLlmError, type LlmError } from '../core/error.ts'
import type { StreamEvent } from '../core/event.ts'
import { callSafely, inTime } from '../core/host-function.ts'
import { safeLogger, type Logger } from '../core/log.ts'
import type { ToolCall } from '../core/message.ts'
import type { ChatRequest } from '../core/request.ts'
import type { ChatResponse, Usage } from '../core/response.ts'
import { timeoutError } from '../core/timeout-error.ts'
import { Turn } from '../core/turn.ts'
import { joinResponses } from './join-responses.ts'
import { misfitOf } from './repair-answer.ts'
import { PendingCalls } from './pending-calls.ts'
import type { RunLog } from './run-log.ts'
import type { LoopRun, ModelStream } from './run-loop.ts'
import type { RunRecord } from './run-records.ts'
import { runResponse } from './run-response.ts'
import type { RunProgress, RunRequest, RunResponse, RunStatus } from './run-types.ts'
import { DEFAULT_MAX_REPAIRS, StepRequests } from './step-requests.ts'
import { ToolRunner, type DecidedCall } from './tool-runner.ts'

/** What a run uses of the application's orchestrator. */
export interface RunCaller {
  readonly call: (request: ChatRequest) => Promise<ChatResponse | ModelStream>
  readonly costOf: (response: ChatResponse) => number | null
  readonly estimateTokens: (text: string) => number
  readonly clock: Clock
  readonly logger?: Logger | undefined
}

/** A checked run. */
export interface PreparedRun {
  readonly request: RunRequest
  /** The request without what only the loop reads. */
  readonly chat: ChatRequest
  readonly log: RunLog
}

const DEFAULT_TOTAL_MS = 600_000

/** One run while it runs: decides what is asked, which tools run, and what is recorded. */
export class ToolRun implements LoopRun<RunResponse> {
  readonly isStream: boolean
  readonly #caller: RunCaller
  readonly #request: RunRequest
  readonly #log: RunLog
  readonly #turn: Turn
  readonly #tools: ToolRunner
  readonly #steps: StepRequests
  readonly #pending: PendingCalls
  #isStopped = false
  #isPrepared = false

  constructor(caller: RunCaller, { request, chat, log }: PreparedRun) {
    const { runId } = log.state
    const { signal, parent, identity, permissions } = request
    const { userId, anonymous, conversationId, conversationChecked, tags, requestId = runId } = request
    const { clock } = caller
    this.isStream = request.stream === true
    this.#caller = caller
    this.#request = request
    this.#log = log
    const ids = { userId, anonymous, conversationId, conversationChecked, tags }
    this.#turn = new Turn({ requestId, signal, parent, ...ids })
    const logger = safeLogger(request.logger ?? caller.logger)
    const told = { userId, conversationId, tags, identity, permissions, logger, requestId }
    this.#tools = new ToolRunner({
      context: { ...told, runId, parent: this.#turn.parent('tool') },
      scope: this.#turn.scope,
      clock,
      logger,
      timeoutMs: request.toolTimeoutMs,
      runs: request.runs,
      maxParallel: request.maxParallelTools,
    })
    this.#steps = new StepRequests(request, { chat, turn: this.#turn, history: log.history, requestId })
    this.#pending = new PendingCalls(request, log)
  }

  get stepCount(): number {
    return this.#log.history.completed.length
  }

  get usage(): Usage {
    return this.#log.history.usage
  }

  get open(): ChatResponse | undefined {
    return this.#log.history.open
  }

  /** Aborts the run with its model call and its tools. */
  cancel(reason?: unknown): void {
    this.#turn.scope.abort(abortedError(reason))
  }

  async ask(): Promise<ChatResponse | ModelStream> {
    const request = await this.#prepare()
    if (this.#request.runs !== undefined)
      await this.#record({ type: 'ask', step: this.#index, usage: this.#estimate(request) })
    return this.#caller.call(request)
  }

  async decide(response: ChatResponse): Promise<readonly DecidedCall[] | undefined> {
    const { last } = this.#log.history
    if (last?.response !== response) await this.#record({ type: 'model', step: this.#index, response })
    const step = this.#log.history.last
    // The tools of an interrupted step are known once it is prepared again.
    if (!this.#isPrepared) await this.#prepare()
    const { tools } = this.#steps
    if (response.toolCalls.length === 0) return (await this.#refuse(response)) ? [] : undefined
    if (step === undefined || tools.size === 0) return undefined
    await this.#host(() => this.#pending.take(step))
    const decide = async (call: ToolCall): Promise<DecidedCall> => {
      const outcome = step.outcomes.get(call.id)
      if (outcome !== undefined) return { call, state: 'recorded', outcome }
      const repeated = this.#steps.repeated(call)
      if (repeated !== undefined) return { call, state: 'answered', outcome: repeated }
      const isApproved = step.approved.has(call.id)
      return this.#tools.decide(call, { tools, step: step.index, isApproved })
    }
    return this.#host(() => Promise.all(response.toolCalls.map(decide)))
  }

  async runTools(calls: readonly DecidedCall[], tell: (event: StreamEvent) => void): Promise<boolean> {
    const { index: step } = this.#log.history.last ?? { index: 0 }
    if (calls.some(({ state }) => state === 'ready')) await this.#turn.reserveRound()
    this.#pending.expect(calls, tell)
    await this.#tools.run(calls, {
      step,
      progress: tell,
      settled: async ({ id: toolCallId }, outcome) => {
        await this.#log.add({ type: 'tool', step, toolCallId, outcome })
        tell(outcome.event)
      },
      deferred: (call) => this.#pending.defer(call),
    })
    return this.#pending.calls.length === 0
  }

  async keepStep(): Promise<boolean> {
    const { onStep, stopWhen = [] } = this.#request
    const { steps } = this.#log.history
    const step = steps.at(-1)
    const progress = this.#progress()
    if (step !== undefined && onStep !== undefined) await this.#host(() => onStep(step, progress))
    for (const isDone of [stopWhen].flat())
      if (await this.#host(() => isDone(progress))) this.#isStopped = true
    return !this.#isStopped
  }

  async finish(response: ChatResponse): Promise<{ readonly result: RunResponse; readonly usage: Usage }> {
    const status = this.#status()
    if (status === 'complete') await this.#record({ type: 'end', step: this.#index - 1 })
    const result = runResponse(response, { status, log: this.#log, pending: this.#pending.calls })
    this.#tellEnd(result)
    return { result, usage: result.usage }
  }

  async fail(error: unknown): Promise<LlmError> {
    const { requestId } = this.#steps
    const thrown = toLlmError(error, 'server-failed', 'the run failed').with({ requestId })
    // Tools that still run are for nothing now.
    this.#turn.scope.abort(thrown)
    const { responses, usage: before } = this.#log.history
    const { partial: last } = thrown
    const joined = joinResponses(last === undefined ? responses : [...responses, last])
    const usage = last === undefined ? before : addUsage(before, last.usage)
    const partial = joined && { ...joined, usage }
    const known = partial === undefined ? thrown : thrown.with({ partial })
    if (partial !== undefined) this.#tellEnd(partial, known)
    return known
  }

  async leave(): Promise<void> {
    this.#turn.end()
  }

  // Index of the step whose response comes next.
  get #index(): number {
    return this.#log.history.responses.length
  }

  // An answer that does not fit its schema is given back, a bounded number of times.
  async #refuse(response: ChatResponse): Promise<boolean> {
    const reason = misfitOf(response)
    const { maxRepairs = DEFAULT_MAX_REPAIRS } = this.#request
    if (reason === undefined || this.#log.history.repairs >= maxRepairs) return false
    await this.#record({ type: 'repair', step: this.#index - 1, reason })
    return true
  }

  async #record(record: RunRecord): Promise<void> {
    await this.#host(() => this.#log.add(record))
  }

  async #prepare(): Promise<ChatRequest> {
    const { prepareStep } = this.#request
    this.#isPrepared = true
    const settings = prepareStep && (await this.#host(() => prepareStep(this.#progress())))
    return this.#steps.next(settings ?? {})
  }

  #status(): RunStatus {
    if (this.#pending.calls.some(({ needs }) => needs === 'approval')) return 'needs-approval'
    if (this.#pending.calls.length > 0) return 'needs-results'
    return this.#isStopped ? 'stopped' : 'complete'
  }

  #progress(): RunProgress {
    const { steps, usage, costUsd } = this.#log.history
    const { runId } = this.#log.state
    return { runId, steps, usage, costUsd, messages: this.#steps.messages }
  }

  #estimate({ messages, system }: ChatRequest): Usage {
    const inputTokens = this.#caller.estimateTokens(JSON.stringify([system, messages]))
    return { inputTokens, outputTokens: 0, totalTokens: inputTokens, estimated: true }
  }

  #tellEnd(response: ChatResponse, error?: LlmError): void {
    const { onEnd } = this.#request
    if (onEnd !== undefined) callSafely(() => onEnd(response, error))
  }

  // Functions of the application are waited for as long as the run may take, and not after its end.
  async #host<T>(work: () => T | Promise<T>): Promise<T> {
    const { clock } = this.#caller
    const { totalMs: ms = DEFAULT_TOTAL_MS } = this.#request.timeouts ?? {}
    const running = untilAborted({ scope: this.#turn.scope }, Promise.resolve(work()))
    if (ms === 0 || ms === Infinity) return running
    return inTime(running, { clock, ms, late: () => timeoutError('total', ms) })
  }
}
