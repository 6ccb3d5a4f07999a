import type { Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import type { AgentEvent, ToolProgressEvent } from '../core/event.ts'
import { inTime } from '../core/host-function.ts'
import type { ParentScope } from '../core/lifetime.ts'
import type { Logger } from '../core/log.ts'
import type { ToolCall } from '../core/message.ts'
import type { Tool, ToolContext } from '../core/request.ts'
import { fullReason, publicReason } from '../core/scrub-foreign.ts'
import { checkArguments } from './check-arguments.ts'
import { CallPool } from './call-pool.ts'
import { isDeferred } from './deferred.ts'
import { withInnerRun } from './inner-run.ts'
import type { RunStore } from './run-records.ts'
import { failed, invalid, returned, type AgentUsage, type ToolOutcome } from './tool-outcome.ts'

const DEFAULT_TIMEOUT_MS = 15_000
const DEFAULT_PARALLEL = 16
const MAX_NAMES = 20
const LATE = 'tool-timeout'

/** How the tools of a run are run. */
export interface ToolRunnerOptions {
  /** What every call of a tool gets as its context, besides what is its own. */
  readonly context: ToolContextBase
  /** Lifetime of the run. */
  readonly scope: ParentScope
  readonly clock: Clock
  readonly logger?: Logger | undefined
  /** Maximum time of one run of a tool in ms, unless the tool has its own. Default 15 000; 0 or `Infinity`: none. */
  readonly timeoutMs?: number | undefined
  /** Keeps the records of runs that tools start inside of this one. */
  readonly runs?: RunStore | undefined
  /** How many tools of one step run at once. Default 16. */
  readonly maxParallel?: number | undefined
}

/** The fields of a tool's context that are the same for all calls of a run. */
export type ToolContextBase = Omit<ToolContext, 'toolCallId' | 'toolName' | 'signal' | 'emit' | 'step'> & {
  readonly runId: string
}

/** A call that is decided: it can run, waits for something, or has its outcome, which may be recorded already. */
export type DecidedCall = {
  readonly call: ToolCall
} & (
  | { readonly state: 'ready'; readonly tool: Tool; readonly args: unknown }
  | { readonly state: 'needs-approval' | 'needs-result' }
  | { readonly state: 'answered' | 'recorded'; readonly outcome: ToolOutcome }
)

/** Where the outcomes of running tools go. */
export interface ToolSink {
  readonly step: number
  /** Sends what a tool tells while it runs to the readers of the stream. */
  progress(event: ToolProgressEvent | AgentEvent): void
  /** Records an outcome, before anything uses it. Rejects to end the run. */
  settled(call: ToolCall, outcome: ToolOutcome): Promise<void> | void
  /** What an agent inside of a tool has used, at once: its call may never have an outcome. */
  spent?(used: AgentUsage): void
  /** A tool whose result comes later. */
  deferred(call: ToolCall): void
}

/** Runs the tools of one run. Whatever a tool does, its call has an outcome in time; only the end of the run rejects. */
export class ToolRunner {
  readonly #options: ToolRunnerOptions

  constructor(options: ToolRunnerOptions) {
    this.#options = options
  }

  /** Decides about a call without running it: checks name and arguments, and asks whether it needs an approval. Never rejects. */
  async decide(call: ToolCall, { tools, step, isApproved }: DecideOptions): Promise<DecidedCall> {
    const tool = tools.get(call.name)
    if (tool === undefined) return answered(call, failed(call, unknownTool(call.name, tools)))
    if (call.invalid !== undefined) return answered(call, invalid(call, `invalid arguments: ${call.invalid}`))
    if (tool.execute === undefined) return { call, state: 'needs-result' }
    try {
      const checked = await this.#bounded(checkArguments(tool, call.arguments))
      if ('problem' in checked) return answered(call, invalid(call, checked.problem))
      const { args } = checked
      if (!isApproved && (await this.#needsApproval(call, tool, { args, step })))
        return { call, state: 'needs-approval' }
      return { call, state: 'ready', tool, args }
    } catch (error) {
      this.#log(call, error)
      return answered(call, failed(call, reasonOf(error)))
    }
  }

  /** Runs decided calls, at most `maxParallel` at once. Rejects with what ended the run while they ran. */
  async run(calls: readonly DecidedCall[], sink: ToolSink): Promise<void> {
    const { scope, maxParallel = DEFAULT_PARALLEL } = this.#options
    const pool = new CallPool(maxParallel)
    const { promise, reject } = Promise.withResolvers<never>()
    const unlisten = scope.onAbort((error) => {
      pool.stop()
      reject(error)
    })
    try {
      const works = calls.flatMap((decided) => {
        if (decided.state === 'answered') return [this.#settle(decided.call, decided.outcome, sink)]
        if (decided.state !== 'ready') return []
        const work = (): Promise<void> => this.#answer(decided, sink)
        return [pool.run(work, decided.tool.sequential === true)]
      })
      await Promise.race([promise, Promise.all(works)])
    } catch (error) {
      throw error instanceof Unrecorded ? error.reason : error
    } finally {
      // After a failure no further tool starts.
      pool.stop()
      unlisten()
    }
  }

  async #answer({ call, tool, args }: ReadyCall, sink: ToolSink): Promise<void> {
    const { retries = 0 } = tool
    const spent: AgentUsage[] = []
    const settle = (outcome: ToolOutcome): Promise<void> =>
      this.#settle(call, spent.length === 0 ? outcome : { ...outcome, spent }, sink)
    for (let left = retries; ; left--) {
      try {
        const value = await this.#inTime(call, tool, { args, sink, spent })
        if (isDeferred(value)) return sink.deferred(call)
        return await settle(returned(call, value, tool))
      } catch (error) {
        if (error instanceof Unrecorded) throw error
        this.#log(call, error)
        if (left <= 0 || this.#options.scope.error !== undefined) return settle(failed(call, reasonOf(error)))
      }
    }
  }

  async #settle(call: ToolCall, outcome: ToolOutcome, sink: ToolSink): Promise<void> {
    try {
      await sink.settled(call, outcome)
    } catch (error) {
      throw new Unrecorded(error)
    }
  }

  // A tool that does not end in time is aborted and abandoned.
  async #inTime(call: ToolCall, tool: Tool, { args, sink, spent }: ToolWork): Promise<unknown> {
    const { clock, scope } = this.#options
    const { timeoutMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS } = tool
    const abort = new AbortController()
    const unlisten = scope.onAbort((error) => abort.abort(error))
    const late = (): LlmError => {
      const error = new LlmError('tool-failed', `the tool did not answer within ${timeoutMs} ms`, {
        code: LATE,
      })
      abort.abort(error)
      return error
    }
    let isOver = false
    const emit: ToolContext['emit'] = (progress) => {
      if (!isOver) sink.progress({ type: 'tool-progress', id: call.id, name: call.name, progress })
    }
    const context = withInnerRun(this.#context(call, sink.step, { signal: abort.signal, emit }), {
      tell: (event) => {
        if (!isOver && event.type === 'agent-event') sink.progress(event)
      },
      spend: (used) => {
        spent.push(used)
        sink.spent?.(used)
      },
      runs: this.#options.runs,
    })
    try {
      const execute = tool.execute as ((args: unknown, context: ToolContext) => unknown) | undefined
      const isLimited = timeoutMs > 0 && timeoutMs < Infinity
      const work = (async () => execute?.(args, context))()
      return await (isLimited ? inTime(work, { clock, ms: timeoutMs, late }) : work)
    } finally {
      isOver = true
      unlisten()
    }
  }

  async #needsApproval(
    call: ToolCall,
    { needsApproval = false }: Tool,
    { args, step }: { readonly args: unknown; readonly step: number },
  ): Promise<boolean> {
    if (typeof needsApproval === 'boolean') return needsApproval
    try {
      const decide = needsApproval as (args: unknown, context: ToolContext) => boolean | Promise<boolean>
      const context = this.#context(call, step, {})
      return await this.#bounded(decide(args, context))
    } catch (error) {
      this.#log(call, error)
      return true
    }
  }

  // Functions of the application that decide have the time of a tool.
  async #bounded<T>(work: T | PromiseLike<T>): Promise<T> {
    const { clock, timeoutMs: ms = DEFAULT_TIMEOUT_MS } = this.#options
    if (ms === 0 || ms === Infinity) return work
    const late = (): LlmError =>
      new LlmError('tool-failed', `the tool did not answer within ${ms} ms`, { code: LATE })
    return inTime(work, { clock, ms, late })
  }

  #context({ id, name }: ToolCall, step: number, own: Pick<ToolContext, 'signal' | 'emit'>): ToolContext {
    const { context } = this.#options
    const idempotencyKey = `${context.runId}.${step}.${id}`
    return { ...context, toolCallId: id, toolName: name, idempotencyKey, step, ...own }
  }

  #log({ id, name }: ToolCall, error: unknown): void {
    const { requestId, conversationId } = this.#options.context
    try {
      this.#options.logger?.warn(
        { requestId, conversationId, toolCallId: id, tool: name, error: fullReason(error) },
        'a tool failed',
      )
    } catch {
      // A logger that fails harms no run.
    }
  }
}

/** How a call is decided. */
interface DecideOptions {
  /** The tools that the caller may use, by name. */
  readonly tools: ReadonlyMap<string, Tool>
  readonly step: number
  /** Whether a person has approved the call. */
  readonly isApproved: boolean
}

/** One run of a tool. */
interface ToolWork {
  readonly args: unknown
  readonly sink: ToolSink
  /** Gets what agents inside the tool use. */
  readonly spent: AgentUsage[]
}

type ReadyCall = Extract<DecidedCall, { readonly state: 'ready' }>

function unknownTool(name: string, tools: ReadonlyMap<string, Tool>): string {
  const names = [...tools.keys()].slice(0, MAX_NAMES)
  return `there is no tool "${name.slice(0, 64)}"; the tools are ${names.join(', ')}`
}

// What the library itself says about a tool holds nothing that must be hidden.
function reasonOf(error: unknown): string {
  return LlmError.is(error, 'tool-failed') && error.code === LATE ? error.message : publicReason(error)
}

function answered(call: ToolCall, outcome: ToolOutcome): DecidedCall {
  return { call, state: 'answered', outcome }
}

/** Carries why an outcome could not be recorded past the handling of what tools throw. */
class Unrecorded extends Error {
  readonly reason: unknown

  constructor(reason: unknown) {
    super('the outcome of a tool could not be recorded')
    this.reason = reason
  }
}
