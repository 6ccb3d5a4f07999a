import { LlmError } from '../../core/error.ts'
import { callsOf } from '../../core/history.ts'
import type { Message, ToolCall } from '../../core/message.ts'
import type { ChatRequest, Tool } from '../../core/request.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { NewMessage } from '../storage/index.ts'
import { type TurnPlan, type TurnSettings, callerOf, messageOf } from '../contract/index.ts'
import { shownTools, usableTools } from '../../tools/index.ts'

const DEFAULT_MAX_ROUNDS = 8
const NO_TOOLS = { tools: undefined, toolChoice: undefined, parallelToolCalls: undefined }

type NextCall = Pick<
  ChatRequest,
  'system' | 'messages' | 'userId' | 'tags' | 'conversationId' | 'conversationChecked' | 'requestId'
>

function isRefusedBeforeSending(error: unknown): error is LlmError {
  if (!LlmError.is(error) || (error.attempts?.length ?? 0) > 0) return false
  return error.kind === 'content-blocked' || error.kind === 'invalid-request'
}

/** The model calls of one turn: the messages of the next call, and whether a response leads to one. */
export class TurnCalls {
  readonly #plan: TurnPlan
  readonly #maxRounds: number
  readonly #toolSettings: Partial<TurnSettings>
  readonly #rounds: (readonly NewMessage[])[] = []
  /** The tools that the caller may use, by name. */
  readonly tools: ReadonlyMap<string, Tool>
  /** Indexes of past messages that were refused. */
  readonly #leftOut = new Set<number>()

  constructor(plan: TurnPlan, maxRounds: number = DEFAULT_MAX_ROUNDS) {
    this.#plan = plan
    this.#maxRounds = maxRounds
    const { tools } = plan.settings
    this.tools = usableTools(tools, plan.identity.permissions)
    this.#toolSettings = tools === undefined ? {} : { tools: shownTools(tools, this.tools) }
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
  runnable({ toolCalls }: ChatResponse): readonly ToolCall[] | undefined {
    if (toolCalls.length === 0 || this.tools.size === 0 || this.rounds >= this.#maxRounds) return undefined
    return toolCalls
  }

  /** Index of the user message among the messages of a call. */
  get currentAt(): number {
    const { currentAt } = this.#plan
    return currentAt - [...this.#leftOut].filter((at) => at < currentAt).length
  }

  /**
   * Leaves out the past messages that a call was refused for, before it was sent: with a call of tools its results, and where
   * the request as a whole was too large, the oldest half. Returns the reasons; `undefined` if the refusal is about something
   * else.
   */
  leaveOut(error: unknown): readonly string[] | undefined {
    if (!isRefusedBeforeSending(error)) return undefined
    const { issues = [] } = error
    const places = new Set<number>()
    let isTooLarge = false
    for (const { path } of issues) {
      const place = this.#pastAt(path)
      if (place !== undefined) places.add(place)
      else if (path === '' || path === 'messages') isTooLarge = true
      else return undefined
    }
    const units = this.#pastUnits()
    const refused = units.filter((unit) => unit.some((place) => places.has(place)))
    const out = refused.length > 0 || !isTooLarge ? refused : units.slice(0, Math.ceil(units.length / 2))
    if (out.length === 0) return undefined
    for (const place of out.flat()) this.#leftOut.add(place)
    return issues.map(({ message }) => message)
  }

  // The indexes of past messages that are still sent, oldest first; those of one tool round together.
  #pastUnits(): readonly (readonly number[])[] {
    const { messages, currentAt, isInstructed } = this.#plan
    const units: number[][] = []
    let awaited = new Set<string>()
    for (let at = isInstructed ? 1 : 0; at < currentAt; at++) {
      const message = messages[at] as Message
      if (this.#leftOut.has(at)) continue
      const isResult = message.role === 'tool' && awaited.has(message.toolCallId)
      if (isResult) units.at(-1)?.push(at)
      else units.push([at])
      if (!isResult) awaited = new Set(callsOf(message).map(({ id }) => id))
    }
    return units
  }

  // The index of a message of the history that an issue names.
  #pastAt(path: string): number | undefined {
    const { messages, currentAt, isInstructed } = this.#plan
    const [, index] = /^messages\.(\d+)(?:\.|$)/.exec(path) ?? []
    if (index === undefined) return undefined
    const sent = [...messages.keys()].filter((at) => !this.#leftOut.has(at))
    const place = sent[Number(index) + (isInstructed ? 1 : 0)]
    return place === undefined || place >= currentAt ? undefined : place
  }

  /** Settings of the next call in place of the turn's: after the last round of tools it has none, so that the model answers. */
  get toolSettings(): Partial<TurnSettings> {
    return this.rounds > 0 && this.rounds >= this.#maxRounds ? NO_TOOLS : this.#toolSettings
  }

  /** The next model call. Calls after the first get the turn's request id with a number, such as `req_1.2`. */
  next(): NextCall {
    const { messages, isInstructed, identity, conversationId, requestId, settings } = this.#plan
    const done = this.#rounds.flat().map((message) => messageOf(message))
    const [first] = messages
    const system = isInstructed && typeof first?.content === 'string' ? first.content : undefined
    const past = messages.filter((_, at) => !this.#leftOut.has(at) && (system === undefined || at > 0))
    return {
      system,
      messages: [...past, ...done],
      ...callerOf(identity, settings.tags),
      conversationId,
      requestId: this.rounds === 0 ? requestId : `${requestId}.${this.rounds + 1}`,
    }
  }
}
