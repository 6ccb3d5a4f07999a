import { LlmError } from '../core/error.ts'
import { inTime } from '../core/host-function.ts'
import { systemClock } from '../core/clock.ts'
import type { JsonObject } from '../core/json.ts'
import { objectOf, listOf, numberOf, textOf } from '../core/json.ts'
import { lineageOf } from '../core/parent-call.ts'
import type { MessageInput, ToolContext } from '../core/request.ts'
import type { FinishReason } from '../core/response.ts'
import type { McpSampling } from './client-options.ts'
import { userParts } from './content.ts'

const DEFAULT_MAX_TOKENS = 4096
const APPROVE_MS = 60_000
const MAX_MESSAGES = 1000

const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'endTurn',
  length: 'maxTokens',
  'tool-calls': 'toolUse',
  'content-filter': 'contentFilter',
  error: 'error',
  other: 'other',
}

/**
 * Answers a server's request for a model, as a part of the run whose tool the server works for: within its slot, its limits, its
 * time. Rejects with what the server may see.
 */
export async function answerSampling(
  given: unknown,
  { sampling, context }: { readonly sampling: McpSampling; readonly context: ToolContext },
): Promise<JsonObject> {
  const params = objectOf(given)
  const { orchestrator, model, provider, maxTokens: most = DEFAULT_MAX_TOKENS, approve } = sampling
  const messages = listOf(params['messages']).slice(0, MAX_MESSAGES).map(messageOf)
  const asked = numberOf(params['maxTokens']) ?? most
  const system = textOf(params['systemPrompt'])
  const { userId, signal, parent } = context
  const about = { system, maxTokens: asked, messageCount: messages.length, userId }
  const late = (): LlmError => new LlmError('timeout', 'approve did not answer')
  const isApproved =
    approve === undefined || (await inTime(approve(about), { clock: systemClock, ms: APPROVE_MS, late }))
  if (!isApproved) throw new LlmError('invalid-request', 'the application refuses the request')
  const stops = listOf(params['stopSequences']).filter((one) => typeof one === 'string')
  const reply = await orchestrator.chatApiCall({
    model,
    provider,
    system,
    messages,
    maxTokens: Math.max(1, Math.min(most, Math.trunc(asked))),
    temperature: numberOf(params['temperature']),
    stop: stops.length > 0 ? stops : undefined,
    parent: parent?.withPurpose('sampling'),
    userId,
    signal,
  })
  return {
    role: 'assistant',
    content: { type: 'text', text: reply.text },
    model: reply.model,
    stopReason: STOP_REASONS[reply.finishReason],
  }
}

function messageOf(message: unknown): MessageInput {
  const { role, content } = objectOf(message)
  const parts = userParts(content)
  if (role === 'assistant')
    return { role, content: parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n') }
  return { role: 'user', content: parts }
}

/**
 * Knows for whom a server works. A server does not say for which call it asks a model, so calls of different runs wait for each
 * other, and its request belongs to the run that is at work.
 */
export class RunningCalls {
  readonly #contexts = new Set<ToolContext>()
  readonly #waiting: (() => void)[] = []
  #run: string | undefined

  /** The newest running call; `undefined` if none runs. */
  get current(): ToolContext | undefined {
    return [...this.#contexts].at(-1)
  }

  /** Waits until no call of another run is at work. Rejects with the reason of the call's signal. */
  async enter(context: ToolContext): Promise<() => void> {
    const run = runOf(context)
    while (this.#contexts.size > 0 && this.#run !== run) await this.#turn(context.signal)
    this.#run = run
    this.#contexts.add(context)
    return () => {
      this.#contexts.delete(context)
      if (this.#contexts.size === 0) for (const wake of this.#waiting.splice(0)) wake()
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1)
        reject(signal?.reason as Error)
      }
      if (signal?.aborted === true) return reject(signal.reason as Error)
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.push(wake)
    })
  }
}

// The outermost call: a subagent works for the run of its parent.
function runOf({ parent, runId, toolCallId }: ToolContext): string {
  let lineage = lineageOf(parent)
  if (lineage === undefined) return runId ?? toolCallId
  while (lineage.above !== undefined) lineage = lineage.above
  return lineage.requestId
}
