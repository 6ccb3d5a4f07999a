import type { ToolCall } from '../../core/message.ts'
import type { ChatRequest } from '../../core/request.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { NewMessage } from '../storage/index.ts'
import { type TurnPlan, callerOf, messageOf } from '../contract/index.ts'
import { runnableCalls } from './tool-rounds.ts'

const DEFAULT_MAX_ROUNDS = 8

type NextCall = Pick<
  ChatRequest,
  'messages' | 'userId' | 'tags' | 'conversationId' | 'conversationChecked' | 'requestId'
>

/** The model calls of one turn: the messages of the next call, and whether a response leads to one. */
export class TurnCalls {
  readonly #plan: TurnPlan
  readonly #maxRounds: number
  readonly #rounds: (readonly NewMessage[])[] = []

  constructor(plan: TurnPlan, maxRounds: number = DEFAULT_MAX_ROUNDS) {
    this.#plan = plan
    this.#maxRounds = maxRounds
  }

  /** Number of completed tool rounds. */
  get rounds(): number {
    return this.#rounds.length
  }

  /** Appends the messages of a completed tool round to those of the next call. */
  addRound(messages: readonly NewMessage[]): void {
    this.#rounds.push(messages)
  }

  /** The tool calls to run before the next model call; `undefined` if the response ends the turn. */
  runnable(response: ChatResponse): readonly ToolCall[] | undefined {
    return this.rounds < this.#maxRounds ? runnableCalls(response, this.#plan.settings) : undefined
  }

  /** The next model call. Calls after the first get the turn's request id with a number, such as `req_1.2`. */
  next(): NextCall {
    const { messages, identity, conversationId, requestId, settings } = this.#plan
    const done = this.#rounds.flat().map((message) => messageOf(message))
    return {
      messages: [...messages, ...done],
      ...callerOf(identity, settings.tags),
      conversationId,
      requestId: this.rounds === 0 ? requestId : `${requestId}.${this.rounds + 1}`,
    }
  }
}
