import { LlmError } from '../../core/error.ts'
import type { ToolCall } from '../../core/message.ts'
import type { Tool, ToolContext } from '../../core/request.ts'
import { fullReason, publicReason } from '../../core/scrub-foreign.ts'
import type { Turn } from '../../core/turn.ts'
import type { ServiceContext, TurnPlan } from '../contract/index.ts'
import { checkArguments } from './check-arguments.ts'
import { failed, returned, toolsByName, type ToolOutcome } from './tool-rounds.ts'

const DEFAULT_TIMEOUT_MS = 15_000
const MAX_NAMES = 20

/** Runs the tools of one turn. Whatever a tool does, its call has an outcome in time; only the end of the turn rejects. */
export class ToolRunner {
  readonly #service: ServiceContext
  readonly #plan: TurnPlan
  readonly #turn: Turn
  readonly #tools: ReadonlyMap<string, Tool>

  constructor(service: ServiceContext, plan: TurnPlan, turn: Turn) {
    this.#service = service
    this.#plan = plan
    this.#turn = turn
    this.#tools = toolsByName(plan.settings)
  }

  /** Runs tool calls concurrently. Rejects with what ended the turn while they ran. */
  async run(calls: readonly ToolCall[]): Promise<readonly ToolOutcome[]> {
    const { promise, reject } = Promise.withResolvers<never>()
    const unlisten = this.#turn.scope.onAbort(reject)
    try {
      return await Promise.race([promise, Promise.all(calls.map((call) => this.#answer(call)))])
    } finally {
      unlisten()
    }
  }

  async #answer(call: ToolCall): Promise<ToolOutcome> {
    const tool = this.#tools.get(call.name)
    if (tool === undefined) return failed(call, this.#unknown(call.name))
    if (call.invalid !== undefined) return failed(call, `invalid arguments: ${call.invalid}`)
    try {
      return await this.#inTime(call, tool)
    } catch (error) {
      this.#log(call, error)
      return failed(call, publicReason(error))
    }
  }

  // A tool that does not end in time is aborted and abandoned.
  async #inTime(call: ToolCall, tool: Tool): Promise<ToolOutcome> {
    const { clock, options } = this.#service
    const { timeoutMs = options.toolTimeoutMs ?? DEFAULT_TIMEOUT_MS } = tool
    const late = Promise.withResolvers<ToolOutcome>()
    const abort = new AbortController()
    const unlisten = this.#turn.scope.onAbort((error) => abort.abort(error))
    const isLimited = timeoutMs > 0 && timeoutMs < Infinity
    const expire = (): void => {
      const error = new LlmError('tool-failed', `the tool did not answer within ${timeoutMs} ms`)
      this.#log(call, error)
      late.resolve(failed(call, error.message))
      abort.abort(error)
    }
    const timer = isLimited ? clock.setTimer(expire, timeoutMs) : undefined
    try {
      return await Promise.race([late.promise, this.#execute(call, tool, abort.signal)])
    } finally {
      clock.clearTimer(timer)
      unlisten()
    }
  }

  async #execute(call: ToolCall, tool: Tool, signal: AbortSignal): Promise<ToolOutcome> {
    const checked = await checkArguments(tool, call.arguments)
    if ('problem' in checked) return failed(call, checked.problem)
    const execute = tool.execute as ((args: unknown, context: ToolContext) => unknown) | undefined
    const parent = this.#turn.parent('tool')
    return returned(call, await execute?.(checked.args, { toolCallId: call.id, signal, parent }))
  }

  #unknown(name: string): string {
    const names = [...this.#tools.keys()].slice(0, MAX_NAMES)
    return `there is no tool "${name.slice(0, 64)}"; the tools are ${names.join(', ')}`
  }

  #log({ id, name }: ToolCall, error: unknown): void {
    const { requestId, conversationId } = this.#plan
    try {
      this.#service.options.logger?.warn(
        { requestId, conversationId, toolCallId: id, tool: name, error: fullReason(error) },
        'a tool failed',
      )
    } catch {
      // A logger that fails harms no turn.
    }
  }
}
