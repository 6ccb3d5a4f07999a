import { LlmError, toLlmError } from '../../core/error.ts'
import { plainText, type Message, type ToolCall } from '../../core/message.ts'
import type { ChatRequest } from '../../core/request.ts'
import type { ChatResponse, Usage } from '../../core/response.ts'
import type { JsonObject } from '../../core/json.ts'
import type { NewMessage, StoredMessage } from '../storage/records.ts'
import type { ChatStoreUnit } from '../storage/store.ts'
import { nameOf } from '../context/build-context.ts'
import {
  allowedContent,
  mapTextAsync,
  withoutToolCalls,
  messageOf,
  speakerName,
  textOfContent,
} from '../contract/message-content.ts'
import { charge, type ServiceContext } from '../contract/service-context.ts'
import type { TurnPlan } from '../contract/turn-plan.ts'
import { findPriorResult } from './plan-turn.ts'
import type { TurnResult, TurnSettings } from '../contract/requests.ts'
import { storedResult, sumCosts, sumUsage } from '../contract/turn-result.ts'
import { runnableCalls, type ToolOutcome } from './tool-rounds.ts'

/** What was kept of an answer. */
interface StoredAnswer {
  readonly id: string
  readonly createdAt: number
  readonly content: NewMessage['content']
  /** The result of another call of the same request, which was first. */
  readonly other?: TurnResult | undefined
}

/** One turn on its way: what is written when, and exactly once. */
export class TurnWriter {
  readonly plan: TurnPlan
  readonly stream: boolean
  /** Ends when nothing more of this turn will be written, whoever waits for it. */
  readonly over: Promise<void>
  readonly #endOver: () => void
  readonly #abort = new AbortController()
  readonly #desk: ServiceContext
  readonly #startedAt: number
  #opened = false
  #prompt: string
  readonly #rounds: NewMessage[][] = []
  readonly #usages: Usage[] = []
  readonly #costs: (number | null)[] = []
  #openResponse: ChatResponse | undefined
  #stored: Promise<StoredAnswer> | undefined
  #step: number

  constructor(desk: ServiceContext, plan: TurnPlan, stream: boolean) {
    this.#desk = desk
    this.plan = plan
    this.stream = stream
    this.#startedAt = desk.clock.now()
    this.#step = plan.reply.step
    this.#prompt = plan.questionText
    const { promise, resolve } = Promise.withResolvers<void>()
    this.over = promise
    const { signal } = plan.settings
    const pass = (): void => this.#abort.abort(signal?.reason)
    if (signal?.aborted === true) pass()
    else signal?.addEventListener('abort', pass, { once: true })
    this.#endOver = () => {
      signal?.removeEventListener('abort', pass)
      resolve()
    }
  }

  /** Ends the turn from outside, whatever it waits for. */
  abort(reason?: unknown): void {
    this.#abort.abort(reason)
  }

  /** The settings of its calls and tools; their signal is the turn's own. */
  get settings(): TurnSettings {
    return { ...this.plan.settings, signal: this.#abort.signal }
  }

  /** The next call of this turn: the messages so far, and the two moments at which something is written. */
  call(): ChatRequest {
    const { messages, identity, conversationId, requestId } = this.plan
    const round = this.#rounds.length
    const done = this.#rounds.flat().map((message) => messageOf(message))
    return {
      ...this.settings,
      messages: [...messages, ...done],
      userId: identity.userId,
      conversationId,
      requestId: round === 0 ? requestId : `${requestId}.${round + 1}`,
      onAdmitted: (admitted) => this.#admitted(admitted.messages),
      onEnd: (answer, error) => this.#ended(answer, error),
    }
  }

  /** Rounds of tool calls so far. */
  get rounds(): number {
    return this.#rounds.length
  }

  /** The calls of tools that the turn goes on with; `undefined` where the answer is its end. */
  runnable(answer: ChatResponse): readonly ToolCall[] | undefined {
    const most = this.#desk.options.maxToolRounds ?? DEFAULT_ROUNDS
    return this.rounds < most ? runnableCalls(answer, this.plan.settings) : undefined
  }

  /** Keeps a round: the calls, and what came of them, in one step. */
  async keepRound(answer: ChatResponse, outcomes: readonly ToolOutcome[]): Promise<void> {
    this.#openResponse = undefined
    const { content } = answer.message
    const round = [this.#row(answer, content, false), ...outcomes.map((outcome) => this.#result(outcome))]
    this.#rounds.push(round)
    this.#count(answer)
    await this.#write(round, answer)
  }

  /** The turn's result, once its answer is kept. */
  async finish(answer: ChatResponse): Promise<TurnResult> {
    const { id, createdAt, content, other } = await this.#store(answer, false)
    if (other !== undefined) return other
    const { requestId, conversationId, questionId, persist, warnings } = this.plan
    const totalUsage = sumUsage(this.#usages)
    const { object } = answer
    const result: TurnResult = {
      requestId,
      conversationId,
      messageId: id,
      userMessageId: questionId,
      persisted: persist,
      status: 'complete',
      content: plainText(content),
      reasoning: answer.reasoning,
      toolCalls: answer.toolCalls,
      ...(object === undefined ? undefined : { object }),
      provider: answer.provider,
      model: answer.model,
      finishReason: answer.finishReason,
      usage: answer.usage,
      totalUsage,
      tokens: totalUsage.totalTokens,
      costUsd: sumCosts(this.#costs),
      createdAt,
      warnings: [...warnings, ...answer.warnings],
      repeated: false,
    }
    this.#audit({ reply: result.content, result })
    return result
  }

  /** Why the turn failed, once what there was of it is kept. */
  async fail(error: unknown): Promise<LlmError> {
    const known = toLlmError(error, 'server-failed', 'the turn failed')
    await this.leave()
    this.#audit({ error: known, reply: known.partial?.text })
    return known
  }

  /** Somebody left in the middle, or the turn is over: what is open is kept as far as it came. */
  async leave(): Promise<void> {
    if (this.#openResponse !== undefined) void this.#store(this.#openResponse, true)
    await this.#stored?.catch(() => undefined)
    this.#endOver()
  }

  async #admitted(allowed: readonly Message[]): Promise<void> {
    if (this.#opened) return
    this.#opened = true
    const { plan } = this
    const { conversation, question, attachments = [], attachmentIds = [], offAfter } = plan.opening
    if (!plan.persist || (conversation === undefined && question === undefined)) return
    const { signal } = this.#abort
    await this.#desk.store.transaction(
      async (unit) => {
        const id = plan.conversationId
        if (conversation !== undefined) await unit.conversations.create(conversation)
        if (offAfter !== undefined) await unit.messages.activate(id, { offAfter })
        if (question !== undefined) await unit.messages.append(id, [this.#allowed(question, allowed)])
        for (const attachment of attachments)
          await unit.attachments.add(id, { ...attachment, messageId: plan.questionId })
        if (attachmentIds.length > 0)
          await unit.attachments.link(id, { ids: attachmentIds, messageId: plan.questionId })
      },
      { signal },
    )
  }

  // Of what moderation has taken out, nothing is kept either.
  #allowed(question: NewMessage, allowed: readonly Message[]): NewMessage {
    const { messages, currentAt } = this.plan
    const [sent, left] = [messages[currentAt], allowed[currentAt]]
    if (sent === undefined || left === undefined) return question
    const content = allowedContent(question.content, sent.content, left.content)
    if (content === question.content) return question
    this.#prompt = textOfContent(content)
    return { ...question, content, metadata: { ...question.metadata, moderated: true } }
  }

  // Told by the orchestrator however the answer ended, also where nobody reads it any more.
  #ended(answer: ChatResponse, error: LlmError | undefined): void {
    if (error === undefined && this.runnable(answer) !== undefined) this.#openResponse = answer
    else if (error === undefined) void this.#store(answer, false).catch(() => undefined)
    else if (hasContent(answer)) void this.#store(answer, true).catch(() => undefined)
  }

  #store(answer: ChatResponse, partial: boolean): Promise<StoredAnswer> {
    this.#openResponse = undefined
    return (this.#stored ??= this.#keepAnswer(answer, partial).finally(this.#endOver))
  }

  async #keepAnswer(answer: ChatResponse, partial: boolean): Promise<StoredAnswer> {
    this.#count(answer)
    const whole = partial ? withoutToolCalls(answer.message.content) : answer.message.content
    const content = await this.#changed(whole)
    // A new try that broke off does not push a whole answer aside.
    const aside = partial && this.plan.operation === 'regenerate' && this.rounds === 0
    const row = { ...this.#row(answer, content, partial), active: !aside }
    const written = await this.#write([row], answer)
    if ('other' in written) return { id: '', createdAt: 0, content, other: written.other }
    const { id = '', createdAt = this.#desk.clock.epochMs() } = written.rows[0] ?? row
    return { id, createdAt, content }
  }

  async #write(
    rows: readonly NewMessage[],
    answer: ChatResponse,
  ): Promise<{ readonly rows: readonly StoredMessage[] } | { readonly other: TurnResult }> {
    const { plan } = this
    const { store } = this.#desk.options
    const spent = { usage: answer.usage, costUsd: this.#costOf(answer) }
    const user = plan.identity.userId
    if (store === undefined) return { rows: [] }
    if (!plan.persist) {
      await charge(store, user, spent)
      return { rows: [] }
    }
    const [{ requestStep, active } = {}] = rows as readonly Partial<NewMessage>[]
    const first = requestStep === plan.reply.step && active !== false
    try {
      const kept = await store.transaction(async (unit) => {
        const { off = [] } = plan.reply
        if (first && off.length > 0) await unit.messages.activate(plan.conversationId, { off })
        const appended = await unit.messages.append(plan.conversationId, rows)
        await charge(unit, user, spent)
        return appended
      })
      return { rows: kept }
    } catch (error) {
      if (!LlmError.is(error, 'conflict')) throw withAnswer(error, answer)
      // Another process has answered the same request meanwhile: its answer stands, and this one was paid for.
      await charge(store, user, spent)
      return { other: await this.#otherResult(store, error) }
    }
  }

  async #otherResult(store: Pick<ChatStoreUnit, 'conversations'>, error: LlmError): Promise<TurnResult> {
    const { conversationId, requestId } = this.plan
    const conversation = await store.conversations.get(conversationId)
    if (conversation === undefined) throw error
    const earlier = await findPriorResult(this.#desk, conversation, { requestId })
    if (earlier === undefined || !('answer' in earlier)) throw error
    return storedResult(earlier)
  }

  #row(answer: ChatResponse, content: NewMessage['content'], partial: boolean): NewMessage {
    const { plan } = this
    const { parentId, variantOf } = plan.reply
    const { citations, rawFinishReason } = answer
    const metadata: JsonObject = {
      answers: plan.questionId,
      ...(plan.persona === undefined ? undefined : { agent: plan.persona.name }),
      ...(citations.length === 0 ? undefined : { citations: citations.map((citation) => ({ ...citation })) }),
      ...(rawFinishReason === undefined ? undefined : { rawFinishReason }),
    }
    return {
      id: crypto.randomUUID(),
      role: 'assistant',
      content,
      name: speakerName(nameOf(plan.persona)),
      parentId,
      variantOf,
      partial,
      provider: answer.provider,
      model: answer.model,
      finishReason: answer.finishReason,
      usage: answer.usage,
      costUsd: this.#costOf(answer),
      requestId: plan.requestId,
      requestStep: this.#step++,
      metadata,
    }
  }

  #result({ message }: ToolOutcome): NewMessage {
    const { content, name, toolCallId, isError } = message
    const { requestId, reply } = this.plan
    return {
      id: crypto.randomUUID(),
      role: 'tool',
      content,
      name,
      toolCallId,
      isError,
      parentId: reply.parentId,
      requestId,
      requestStep: this.#step++,
    }
  }

  #count(answer: ChatResponse): void {
    this.#usages.push(answer.usage)
    this.#costs.push(this.#costOf(answer))
  }

  #costOf(answer: ChatResponse): number | null {
    return this.#desk.costOf(answer)
  }

  // A dictionary that fails must not cost the answer.
  async #changed(content: NewMessage['content']): Promise<NewMessage['content']> {
    const { changeAnswer } = this.plan
    if (changeAnswer === undefined) return content
    try {
      return await mapTextAsync(content, changeAnswer)
    } catch (error) {
      const { message } = toLlmError(error, 'misconfigured', 'the change of an answer failed')
      this.#desk.options.logger?.warn({ requestId: this.plan.requestId }, message)
      return content
    }
  }

  #audit({ error, reply, result }: AuditedEnd): void {
    const { identity, conversationId, requestId, operation } = this.plan
    const { orgId, projectId } = this.plan.conversation ?? this.plan.opening.conversation ?? {}
    this.#desk.auditor.write({
      id: crypto.randomUUID(),
      at: new Date(this.#desk.clock.epochMs()).toISOString(),
      operation: operation === 'send' && this.stream ? 'stream' : operation,
      result: error === undefined ? 'success' : 'failure',
      userId: identity.userId,
      orgId,
      projectId,
      conversationId,
      messageId: result?.messageId,
      requestId,
      provider: result?.provider ?? error?.provider,
      model: result?.model ?? error?.model,
      prompt: this.#prompt,
      reply,
      usage: result?.totalUsage ?? error?.partial?.usage,
      costUsd: result?.costUsd,
      durationMs: this.#desk.clock.now() - this.#startedAt,
      error,
    })
  }
}

const DEFAULT_ROUNDS = 8

interface AuditedEnd {
  readonly error?: LlmError | undefined
  readonly reply?: string | undefined
  readonly result?: TurnResult | undefined
}

function hasContent({ text, reasoning, toolCalls, files }: ChatResponse): boolean {
  return text !== '' || reasoning !== '' || toolCalls.length > 0 || files.length > 0
}

// The answer was paid for: whoever asked can still have it.
function withAnswer(error: unknown, partial: ChatResponse): LlmError {
  const known = toLlmError(error, 'server-failed', 'the answer could not be kept')
  return known.with({ partial })
}
