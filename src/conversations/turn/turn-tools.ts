import { untilAborted } from '../../core/abort.ts'
import type { StreamEvent } from '../../core/event.ts'
import type { ToolCall } from '../../core/message.ts'
import type { Tool } from '../../core/request.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { Turn } from '../../core/turn.ts'
import {
  failed,
  ToolRunner,
  type AgentUsage,
  type DecidedCall,
  type PendingCall,
  type ToolOutcome,
} from '../../tools/index.ts'
import type { StoredMessage } from '../storage/index.ts'
import { type ServiceContext, type TurnPlan, callerOf, charge } from '../contract/index.ts'

/** The tools of one turn: decides about the calls of a round, runs them, and keeps their outcomes until they are stored. */
export class TurnTools {
  readonly #turn: Turn
  readonly #runner: ToolRunner
  readonly #plan: TurnPlan
  /** The stored round that a continued turn begins with, until its results are kept. */
  #open: TurnPlan['open']
  #outcomes = new Map<string, ToolOutcome>()
  /** The calls that the turn ends with, because they wait for decisions or results. */
  pending: readonly PendingCall[] = []
  /** What agents that tools delegated to have used so far. */
  readonly agents: AgentUsage[] = []
  readonly #service: ServiceContext
  /** What of it no stored row has yet. */
  #unstored: readonly AgentUsage[] = []
  #isOver = false

  constructor(service: ServiceContext, plan: TurnPlan, turn: Turn) {
    this.#service = service
    this.#plan = plan
    this.#open = plan.open
    this.#turn = turn
    this.#runner = createRunner(service, plan, turn)
  }

  /**
   * Decides about the calls of a round. Resolves to `undefined` if one of them waits: then none is run, and they are `pending`.
   * Rejects if the turn ends before.
   */
  async decide(calls: readonly ToolCall[], how: RoundTools): Promise<readonly DecidedCall[] | undefined> {
    const { approved, outcomes } = this.#open ?? NOTHING
    const decide = async (call: ToolCall): Promise<DecidedCall> => {
      const outcome = outcomes.get(call.id)
      if (outcome !== undefined) return { call, state: 'answered', outcome }
      return this.#runner.decide(call, { ...how, isApproved: approved.has(call.id) })
    }
    const decided = await untilAborted({ scope: this.#turn.scope }, Promise.all(calls.map(decide)))
    const { answerId: runId } = this.#plan
    this.pending = decided.flatMap(({ call, state }) => {
      if (state !== 'needs-approval' && state !== 'needs-result') return []
      const { id: toolCallId, name, arguments: args } = call
      const needs = state === 'needs-approval' ? 'approval' : 'result'
      return [{ runId, step: 0, toolCallId, name, arguments: args, needs }]
    })
    return this.pending.length === 0 ? decided : undefined
  }

  /** The response of the round that a continued turn begins with. */
  get open(): ChatResponse | undefined {
    return this.#open?.response
  }

  /** Returns the stored message of that round, once. */
  takeOpen(): StoredMessage | undefined {
    const message = this.#open?.message
    this.#open = undefined
    return message
  }

  /** The events about calls that wait for a decision. */
  get waiting(): readonly StreamEvent[] {
    return this.pending
      .filter(({ needs }) => needs === 'approval')
      .map(({ runId, toolCallId: id, name, arguments: args }) => ({
        type: 'approval-requested',
        runId,
        id,
        name,
        arguments: args,
      }))
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
    const spent = (used: AgentUsage): void => this.#spent(used)
    await this.#runner.run(calls, { step, progress: tell, settled, deferred, spent })
  }

  /** Takes the outcomes of the calls of a response, in their order, to store them. */
  takeOutcomes({ toolCalls }: ChatResponse): readonly ToolOutcome[] {
    this.#unstored = []
    return toolCalls.flatMap(({ id }) => this.#outcomes.get(id) ?? [])
  }

  /** Ends the turn's tools. What agents have used for rounds that are never stored is charged, also what they use from now on. */
  end(): void {
    this.#isOver = true
    for (const used of this.#unstored) this.#charge(used)
    this.#unstored = []
  }

  #spent(used: AgentUsage): void {
    this.agents.push(used)
    if (this.#isOver) this.#charge(used)
    else this.#unstored = [...this.#unstored, used]
  }

  #charge(used: AgentUsage): void {
    const { store } = this.#service
    this.#service.inBackground('the charge of an agent', () => charge(store, this.#plan.identity, used))
  }
}

/** The tools of one round. */
interface RoundTools {
  readonly tools: ReadonlyMap<string, Tool>
  readonly step: number
}

const NOTHING = { approved: new Set<string>(), outcomes: new Map<string, ToolOutcome>() }

function createRunner(service: ServiceContext, plan: TurnPlan, turn: Turn): ToolRunner {
  const { requestId, conversationId, answerId: messageId, identity, settings } = plan
  const { logger, toolTimeoutMs: timeoutMs } = service.options
  const { userId, tags } = callerOf(identity, settings.tags)
  const ids = { requestId, conversationId, messageId, userId, tags, runId: requestId }
  const { permissions } = identity
  const context = { ...ids, identity, permissions, logger, parent: turn.parent('tool') }
  return new ToolRunner({ context, scope: turn.scope, clock: service.clock, logger, timeoutMs })
}
