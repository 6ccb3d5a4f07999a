import type { Message, ToolCall } from '../core/message.ts'
import type { ChatRequest, Tool } from '../core/request.ts'
import type { Turn } from '../core/turn.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { RunHistory } from './run-history.ts'
import type { RunRequest, StepSettings } from './run-types.ts'
import { shownTools, usableTools } from './tool-list.ts'
import { failed, type ToolOutcome } from './tool-outcome.ts'

const DEFAULT_MAX_ROUNDS = 8
/** How often a model repairs arguments, and its answer, unless the request says otherwise. */
export const DEFAULT_MAX_REPAIRS = 1
const DEFAULT_MAX_REPEATS = 3
const NO_TOOLS = { tools: undefined, toolChoice: undefined, parallelToolCalls: undefined }

/** What the model calls of a run are made of. */
interface StepSources {
  /** The request without what only the loop reads. */
  readonly chat: ChatRequest
  readonly turn: Turn
  readonly history: RunHistory
  readonly requestId: string
}

/** The model calls of one run: their messages, their tools, and when they have none, so that the model answers. */
export class StepRequests {
  readonly requestId: string
  readonly #request: RunRequest
  readonly #chat: ChatRequest
  readonly #turn: Turn
  readonly #history: RunHistory
  #isAdmitted = false
  /** The tools of the last step that the caller may use, by name. Empty if it had none. */
  tools: ReadonlyMap<string, Tool>

  constructor(request: RunRequest, { chat, turn, history, requestId }: StepSources) {
    this.#request = request
    this.#chat = chat
    this.#turn = turn
    this.#history = history
    this.requestId = requestId
    this.tools = usableTools(request.tools, request.permissions)
  }

  /** The messages of the next model call. */
  get messages(): readonly Message[] {
    return [...(this.#request.messages as readonly Message[]), ...this.#history.messages]
  }

  /** The next model call. Those after the first have the run's request id with a number, such as `req_1.2`. */
  next(settings: StepSettings): ChatRequest {
    const { messages, ...rest } = settings
    const index = this.#history.responses.length
    const request: ChatRequest = { ...this.#chat, ...rest }
    const isLast = this.#isLast()
    this.tools = isLast ? new Map() : usableTools(request.tools, this.#request.permissions)
    return {
      ...request,
      ...(isLast ? NO_TOOLS : { tools: shownTools(request.tools, this.tools) }),
      messages: messages ?? this.messages,
      signal: undefined,
      parent: this.#turn.round,
      requestId: index === 0 ? this.requestId : `${this.requestId}.${index + 1}`,
      onAdmitted: this.#onAdmitted(),
      onEnd: undefined,
    }
  }

  /** The outcome of a call that was made too often with the same arguments; `undefined` if it may run. */
  repeated(call: ToolCall): ToolOutcome | undefined {
    const times = this.#times().get(keyOf(call)) ?? 0
    if (times < this.#maxRepeats) return undefined
    return failed(call, `the same call was made ${times} times before; answer with what you know`)
  }

  // The run is admitted once.
  #onAdmitted(): ChatRequest['onAdmitted'] {
    const { onAdmitted } = this.#request
    if (onAdmitted === undefined || this.#isAdmitted) return undefined
    return (admitted) => {
      this.#isAdmitted = true
      return onAdmitted(admitted)
    }
  }

  // After its rounds, its repairs or its repeats, the model is asked without tools.
  #isLast(): boolean {
    const { maxToolRounds = DEFAULT_MAX_ROUNDS, maxRepairs = DEFAULT_MAX_REPAIRS } = this.#request
    const { completed } = this.#history
    if (completed.length === 0) return false
    if (completed.length >= maxToolRounds) return true
    const lastValid = completed.findLastIndex(({ outcomes }) => ![...outcomes.values()].some(isInvalid))
    if (completed.length - 1 - lastValid > maxRepairs) return true
    return [...this.#times().values()].some((times) => times > this.#maxRepeats)
  }

  get #maxRepeats(): number {
    return this.#request.maxRepeats ?? DEFAULT_MAX_REPEATS
  }

  // In how many completed steps each call was made.
  #times(): ReadonlyMap<string, number> {
    const times = new Map<string, number>()
    for (const { response } of this.#history.completed)
      for (const key of new Set(response.toolCalls.map(keyOf))) times.set(key, (times.get(key) ?? 0) + 1)
    return times
  }
}

function isInvalid(outcome: ToolOutcome): boolean {
  return outcome.isInvalid === true
}

function keyOf({ name, arguments: args }: ToolCall): string {
  return `${name} ${canonicalJson(args)}`
}
