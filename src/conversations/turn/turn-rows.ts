import type { Message } from '../../core/message.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { JsonObject } from '../../core/json.ts'
import { sumCosts, sumUsage } from '../../core/add-usage.ts'
import type { PendingCall, ToolOutcome } from '../../tools/index.ts'
import type { NewMessage } from '../storage/index.ts'
import { type TurnPlan, displayName, speakerName } from '../contract/index.ts'
import { allowedContent } from './allowed-content.ts'

/** Makes the message rows of one turn's answer and numbers them with `requestStep`. */
export class TurnRows {
  readonly #plan: TurnPlan
  #step: number

  constructor(plan: TurnPlan) {
    this.#plan = plan
    this.#step = plan.answerLocation.step
  }

  /** The assistant message of one model response. */
  answer(
    response: ChatResponse,
    { waiting = [], ...given }: AnswerRow,
    id: string = crypto.randomUUID(),
  ): NewMessage {
    const { persona, questionId, requestId, answerLocation } = this.#plan
    const { citations, rawFinishReason } = response
    const metadata: JsonObject = {
      answers: questionId,
      ...(persona === undefined ? undefined : { agent: persona.name }),
      ...(citations.length === 0 ? undefined : { citations: citations.map((citation) => ({ ...citation })) }),
      ...(rawFinishReason === undefined ? undefined : { rawFinishReason }),
      ...(waiting.length === 0
        ? undefined
        : { pending: Object.fromEntries(waiting.map(({ toolCallId, needs }) => [toolCallId, needs])) }),
    }
    return {
      id,
      role: 'assistant',
      ...given,
      name: speakerName(displayName(persona)),
      parentId: answerLocation.parentId,
      provider: response.provider,
      model: response.model,
      finishReason: response.finishReason,
      usage: response.usage,
      requestId,
      requestStep: this.#step++,
      metadata,
    }
  }

  /** The message of one tool result. */
  toolResult({ message, spent = [] }: ToolOutcome): NewMessage {
    const { content, name, toolCallId, isError } = message
    const { requestId, answerLocation } = this.#plan
    return {
      id: crypto.randomUUID(),
      role: 'tool',
      content,
      name,
      toolCallId,
      isError,
      parentId: answerLocation.parentId,
      requestId,
      requestStep: this.#step++,
      ...(spent.length === 0
        ? undefined
        : {
            usage: sumUsage(spent.map(({ usage }) => usage)),
            costUsd: sumCosts(spent.map(({ costUsd }) => costUsd)),
          }),
    }
  }
}

type AnswerRow = Pick<NewMessage, 'content' | 'costUsd' | 'partial'> & {
  /** The calls that the turn ends with, because they wait. */
  readonly waiting?: readonly PendingCall[] | undefined
}

/** The user message to store. `left` is what moderation let through of it; what it removed is not stored. */
export function allowedQuestion(plan: TurnPlan, left: Message | undefined): NewMessage | undefined {
  const { question } = plan.admissionWrites
  const sent = plan.messages[plan.currentAt]
  if (question === undefined || sent === undefined || left === undefined) return question
  const content = allowedContent(question.content, sent.content, left.content)
  if (content === question.content) return question
  return { ...question, content, metadata: { ...question.metadata, moderated: true } }
}
