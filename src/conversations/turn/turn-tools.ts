import { untilAborted } from '../../core/abort.ts'
import type { StreamEvent } from '../../core/event.ts'
import type { ToolCall } from '../../core/message.ts'
import type { Tool } from '../../core/request.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { Turn } from '../../core/turn.ts'
import { failed, ToolRunner, type DecidedCall, type ToolOutcome } from '../../tools/index.ts'
import { type ServiceContext, type TurnPlan, callerOf } from '../contract/index.ts'

/** The tools of one turn: decides about the calls of a round, runs them, and keeps their outcomes until they are stored. */
export class TurnTools {
  readonly #turn: Turn
  readonly #runner: ToolRunner
  #outcomes = new Map<string, ToolOutcome>()

  constructor(service: ServiceContext, plan: TurnPlan, turn: Turn) {
    this.#turn = turn
    this.#runner = createRunner(service, plan, turn)
  }

  /** Decides about the calls of a round. Rejects if the turn ends before. */
  decide(
    calls: readonly ToolCall[],
    how: { readonly tools: ReadonlyMap<string, Tool>; readonly step: number },
  ): Promise<readonly DecidedCall[]> {
    const decide = (call: ToolCall): Promise<DecidedCall> =>
      this.#runner.decide(call, { ...how, isApproved: false })
    return untilAborted({ scope: this.#turn.scope }, Promise.all(calls.map(decide)))
  }

  /** Reserves the next round, then runs the calls of this one. Rejects if the turn cannot go on. */
  async run(
    calls: readonly DecidedCall[],
    { step, tell }: { readonly step: number; readonly tell: (event: StreamEvent) => void },
  ): Promise<void> {
    await this.#turn.reserveRound()
    this.#outcomes = new Map()
    const settled = ({ id }: ToolCall, outcome: ToolOutcome): void => {
      this.#outcomes.set(id, outcome)
      tell(outcome.event)
    }
    const deferred = (call: ToolCall): void =>
      settled(call, failed(call, 'its result comes later, and a turn does not wait for it'))
    await this.#runner.run(calls, { step, progress: tell, settled, deferred })
  }

  /** The outcomes of the calls of a response, in their order. */
  outcomesOf({ toolCalls }: ChatResponse): readonly ToolOutcome[] {
    return toolCalls.flatMap(({ id }) => this.#outcomes.get(id) ?? [])
  }
}

function createRunner(service: ServiceContext, plan: TurnPlan, turn: Turn): ToolRunner {
  const { requestId, conversationId, answerId: messageId, identity, settings } = plan
  const { logger, toolTimeoutMs: timeoutMs } = service.options
  const { userId, tags } = callerOf(identity, settings.tags)
  const ids = { requestId, conversationId, messageId, userId, tags, runId: requestId }
  const { permissions } = identity
  const context = { ...ids, identity, permissions, logger, parent: turn.parent('tool') }
  return new ToolRunner({ context, scope: turn.scope, clock: service.clock, logger, timeoutMs })
}
