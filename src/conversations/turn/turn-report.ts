import { plainText } from '../../core/message.ts'
import type { LlmError } from '../../core/error.ts'
import type { Attempt, ChatResponse, Usage, Warning } from '../../core/response.ts'
import { sumCosts, sumUsage } from '../../core/add-usage.ts'
import { type ServiceContext, type TurnPlan, type TurnResult, responseOfMessage } from '../contract/index.ts'
import type { ToolOutcome } from '../../tools/index.ts'
import type { StoredAnswer } from './turn-writer.ts'

/** Sums usage and cost over the calls of one turn, makes its result, and audits how it ended. */
export class TurnReport {
  readonly #service: ServiceContext
  readonly #plan: TurnPlan
  readonly #stream: boolean
  readonly #startedAt: number
  readonly #usages: Usage[] = []
  readonly #costs: (number | null)[] = []
  readonly #attempts: Attempt[] = []
  readonly #warnings: Warning[] = []

  constructor(service: ServiceContext, plan: TurnPlan, stream: boolean) {
    this.#service = service
    this.#plan = plan
    this.#stream = stream
    this.#startedAt = service.clock.now()
    for (const answer of plan.open?.answers ?? []) this.add(responseOfMessage(answer))
  }

  /** Warns about a past message that was left out. */
  leftOut(reason: string): void {
    const message = `a message of the history was left out, because it is refused: ${reason}`
    this.#warnings.push({ type: 'other', message })
  }

  /** Adds one model response to the totals. */
  add(response: ChatResponse): void {
    this.#usages.push(response.usage)
    this.#costs.push(this.#service.costOf(response))
    this.#attempts.push(...response.attempts)
  }

  /** Adds a round: its response, unless it is counted already, and what agents have used that tools delegated to. */
  addRound(response: ChatResponse | undefined, outcomes: readonly ToolOutcome[]): void {
    if (response !== undefined) this.add(response)
    for (const { usage, costUsd } of outcomes.flatMap(({ spent = [] }) => spent)) {
      this.#usages.push(usage)
      this.#costs.push(costUsd)
    }
  }

  /** Usage of all responses so far. */
  get usage(): Usage {
    return sumUsage(this.#usages)
  }

  /** The result of a complete turn, from its last response and the message that was stored of it. */
  result(
    response: ChatResponse,
    { id, createdAt, content }: StoredAnswer,
  ): Omit<TurnResult, 'pending' | 'agents'> {
    const { requestId, conversationId, questionId, persist, warnings } = this.#plan
    const totalUsage = this.usage
    const { object } = response
    return {
      requestId,
      conversationId,
      messageId: id,
      userMessageId: questionId,
      persisted: persist,
      status: 'complete',
      content: plainText(content),
      reasoning: response.reasoning,
      toolCalls: response.toolCalls,
      ...(object === undefined ? undefined : { object }),
      provider: response.provider,
      model: response.model,
      attempts: this.#attempts,
      usedFallback: this.#usedFallback(),
      finishReason: response.finishReason,
      usage: response.usage,
      totalUsage,
      tokens: totalUsage.totalTokens,
      costUsd: sumCosts(this.#costs),
      createdAt,
      warnings: [...warnings, ...this.#warnings, ...response.warnings],
      repeated: false,
    }
  }

  #usedFallback(): boolean {
    const { provider, model } = this.#plan.settings
    const [first, last] = [this.#attempts[0], this.#attempts.at(-1)]
    if (first === undefined || last === undefined) return false
    const used = `${last.provider}/${last.model}`
    if (model === undefined) return used !== `${first.provider}/${first.model}`
    return provider === undefined ? used !== model && last.model !== model : used !== `${provider}/${model}`
  }

  /** Audits the turn. `prompt` is the user's text as it was stored. */
  audit(prompt: string, { result, error }: TurnEnd): void {
    const { identity, conversationId, requestId, operation, conversation, admissionWrites } = this.#plan
    const { orgId, projectId } = conversation ?? admissionWrites.conversation ?? {}
    const { auditor, clock } = this.#service
    auditor.write({
      id: crypto.randomUUID(),
      at: new Date(clock.epochMs()).toISOString(),
      operation: operation === 'send' && this.#stream ? 'stream' : operation,
      result: error === undefined ? 'success' : 'failure',
      userId: identity.userId,
      orgId,
      projectId,
      conversationId,
      messageId: result?.messageId,
      requestId,
      provider: result?.provider ?? error?.provider,
      model: result?.model ?? error?.model,
      prompt,
      reply: result === undefined ? error?.partial?.text : result.content,
      usage: result?.totalUsage ?? error?.partial?.usage,
      costUsd: result?.costUsd,
      durationMs: clock.now() - this.#startedAt,
      error,
    })
  }
}

/** How a turn ended: with a result or with an error. */
export interface TurnEnd {
  readonly result?: TurnResult | undefined
  readonly error?: LlmError | undefined
}
