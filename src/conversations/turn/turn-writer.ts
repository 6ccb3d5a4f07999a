import { untilAborted, type AbortSources } from '../../core/abort.ts'
import { LlmError, toLlmError } from '../../core/error.ts'
import type { ChatResponse } from '../../core/response.ts'
import { sumCosts, sumUsage } from '../../core/add-usage.ts'
import type { PendingCall, ToolOutcome } from '../../tools/index.ts'
import type { ChatStore, ChatStoreUnit, NewMessage, StoredMessage } from '../storage/index.ts'
import {
  type ServiceContext,
  type TurnPlan,
  type TurnResult,
  charge,
  mapTextAsync,
  storedResult,
  withoutToolCalls,
} from '../contract/index.ts'
import { type AnswerStep, appendToBranch, leaveBranch } from './answer-branch.ts'
import { findPriorResult } from './prior-result.ts'
import { TurnRows } from './turn-rows.ts'

/** What was stored of an answer. */
export interface StoredAnswer {
  readonly id: string
  readonly createdAt: number
  readonly content: NewMessage['content']
  /** The result of the same request in another process, which stored its answer first. */
  readonly other?: TurnResult | undefined
}

/** Writes one turn to the store: the user message, each tool round and the answer, each in one transaction. */
export class TurnWriter {
  readonly #service: ServiceContext
  readonly #plan: TurnPlan
  readonly #rows: TurnRows
  /** Sequence of the last message of this turn, while no other message was stored after it. */
  #last: number | undefined

  constructor(service: ServiceContext, plan: TurnPlan) {
    this.#service = service
    this.#plan = plan
    this.#rows = new TurnRows(plan)
  }

  /** Writes the user message with its attachments, and the conversation if it is new. */
  async writeQuestion(question: NewMessage | undefined, signal: AbortSignal): Promise<void> {
    const { persist, admissionWrites, conversationId: id, questionId: messageId } = this.#plan
    const { conversation, attachments = [], attachmentIds: ids = [], replaces } = admissionWrites
    if (!persist || (conversation === undefined && question === undefined)) return
    const written = await this.#service.store.transaction(
      async (unit) => {
        if (conversation !== undefined) await unit.conversations.create(conversation)
        if (replaces !== undefined) await leaveBranch(unit, replaces)
        const [stored] = question === undefined ? [] : await unit.messages.append(id, [question])
        for (const attachment of attachments) await unit.attachments.add(id, { ...attachment, messageId })
        if (ids.length > 0) await unit.attachments.link(id, { ids, messageId })
        return stored
      },
      { signal },
    )
    if (replaces === undefined) this.#last = written?.sequence
  }

  /** The rows of one tool round: the assistant message with its calls, unless it is stored already, then their results. */
  roundRows(response: ChatResponse | undefined, outcomes: readonly ToolOutcome[]): readonly NewMessage[] {
    const results = outcomes.map((outcome) => this.#rows.toolResult(outcome))
    if (response === undefined) return results
    const { content } = response.message
    const costUsd = this.#service.costOf(response)
    return [this.#rows.answer(response, { content, partial: false, costUsd }), ...results]
  }

  /** Writes the rows of one tool round. */
  async writeRound(rows: readonly NewMessage[], response: ChatResponse): Promise<void> {
    await this.#write(rows, 'round', response)
  }

  /** Writes the answer. Rejects with the response as `partial` if the store fails. After `until` aborts it waits for no transform. */
  async writeAnswer(
    response: ChatResponse,
    { partial, pending = [], until }: AnswerEnd,
  ): Promise<StoredAnswer> {
    const received = response.message.content
    const content = await this.#transformed(partial ? withoutToolCalls(received) : received, until)
    const costUsd = this.#service.costOf(response)
    const waiting = partial ? [] : pending
    const row = this.#rows.answer(response, { content, partial, costUsd, waiting }, this.#plan.answerId)
    const written = await this.#write([row], partial ? 'partial' : 'answer', response)
    if ('other' in written) return { id: '', createdAt: 0, content, other: written.other }
    const { id = '', createdAt = this.#service.clock.epochMs() } = written.rows[0] ?? row
    return { id, createdAt, content }
  }

  async #write(
    rows: readonly NewMessage[],
    step: AnswerStep,
    response: ChatResponse,
  ): Promise<{ readonly rows: readonly StoredMessage[] } | { readonly other: TurnResult }> {
    const { persist, identity } = this.#plan
    const { store } = this.#service
    const spent = spentOn(rows)
    if (!persist) {
      if (spent !== undefined) await charge(store, identity, spent)
      return { rows: [] }
    }
    try {
      return { rows: await this.#append(store, { rows, step, spent }) }
    } catch (error) {
      if (!LlmError.is(error, 'conflict')) {
        if (spent !== undefined) await this.#chargeUnwritten(error, spent)
        throw withAnswer(error, response)
      }
      // Another process stored its answer to this request first. That answer counts, but this call was paid for as well.
      if (spent !== undefined) await charge(store, identity, spent)
      return { other: await this.#otherResult(store, error) }
    }
  }

  /** Adds the usage of a response that is not stored, because it has no content, to the user's totals. */
  chargeAlone({ usage, ...response }: ChatResponse): void {
    if (usage.totalTokens === 0) return
    const { store } = this.#service
    const costUsd = this.#service.costOf({ ...response, usage })
    const { identity } = this.#plan
    this.#service.inBackground('the charge of an answer', () => charge(store, identity, { usage, costUsd }))
  }

  // The conversation may be gone, but the call was paid for. A store that fails altogether is not waited for twice.
  async #chargeUnwritten(failure: unknown, spent: Spent): Promise<void> {
    const { store } = this.#service
    const add = (): Promise<void> => charge(store, this.#plan.identity, spent)
    const known = LlmError.is(failure, 'not-found')
    const isCharged =
      known &&
      (await add().then(
        () => true,
        () => false,
      ))
    if (!isCharged) this.#service.inBackground('the charge of an answer', add)
  }

  // A turn that wrote alone since its user message needs no look at other answers.
  async #append(store: ChatStore, written: Written): Promise<readonly StoredMessage[]> {
    const { conversationId, identity } = this.#plan
    const { rows, step, spent } = written
    const last = this.#last
    try {
      const stored = await store.transaction(async (unit) => {
        const appended =
          last === undefined
            ? await appendToBranch(unit, this.#plan, { rows, step })
            : await unit.messages.append(conversationId, rows)
        if (last !== undefined && !(await isAlone(unit, this.#plan, appended, last))) throw new Contested()
        if (spent !== undefined) await charge(unit, identity, spent)
        return appended
      })
      this.#last = last === undefined ? undefined : stored.at(-1)?.sequence
      return stored
    } catch (error) {
      if (!(error instanceof Contested)) throw error
      this.#last = undefined
      return this.#append(store, written)
    }
  }

  async #otherResult(store: Pick<ChatStoreUnit, 'conversations'>, error: LlmError): Promise<TurnResult> {
    const { conversationId, requestId } = this.#plan
    const conversation = await store.conversations.get(conversationId)
    if (conversation === undefined) throw error
    const prior = await findPriorResult(this.#service, conversation, { requestId })
    if (prior === undefined || !('answer' in prior)) throw error
    return storedResult(prior)
  }

  // A transform that fails, or that the end of the turn overtakes, is logged and skipped, because the answer must not be lost.
  async #transformed(content: NewMessage['content'], until: AbortSources): Promise<NewMessage['content']> {
    const { transformAnswer, requestId } = this.#plan
    if (transformAnswer === undefined) return content
    try {
      return await untilAborted(until, mapTextAsync(content, transformAnswer))
    } catch (error) {
      const { message } = toLlmError(error, 'misconfigured', 'texts.answer failed')
      this.#service.options.logger?.warn({ requestId }, message)
      return content
    }
  }
}

/** How an answer ended. */
interface AnswerEnd {
  readonly partial: boolean
  /** The calls that the turn ends with, because they wait. */
  readonly pending?: readonly PendingCall[] | undefined
  readonly until: AbortSources
}

// What rows cost is their own usage: of responses, and of agents that tools delegated to.
function spentOn(rows: readonly NewMessage[]): Spent | undefined {
  const paid = rows.filter(({ usage }) => usage !== undefined)
  if (paid.length === 0) return undefined
  return {
    usage: sumUsage(paid.flatMap(({ usage }) => usage ?? [])),
    costUsd: sumCosts(paid.map(({ costUsd }) => costUsd)),
  }
}

interface Written {
  readonly rows: readonly NewMessage[]
  readonly step: AnswerStep
  readonly spent: Spent | undefined
}

type Spent = Parameters<typeof charge>[2]

// A variant that was chosen in the meantime may have taken the user message out of the history.
async function isAlone(
  { messages }: Pick<ChatStoreUnit, 'messages'>,
  { conversationId, questionId }: TurnPlan,
  [first]: readonly StoredMessage[],
  last: number,
): Promise<boolean> {
  if (first?.sequence !== last + 1) return false
  return (await messages.get(conversationId, questionId, { deleted: true }))?.active === true
}

/** Rolls back a write, because the conversation changed since the last message of this turn. */
class Contested extends Error {}

// The answer was paid for, so the caller gets it with the error.
function withAnswer(error: unknown, partial: ChatResponse): LlmError {
  const known = toLlmError(error, 'server-failed', 'the store failed to write the answer')
  return known.with({ partial })
}
