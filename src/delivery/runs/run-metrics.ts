import { isContent, isStep, type EventBatch, type StreamEvent } from '../../core/event.ts'
import { textOf, type JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'
import type { LogInfo } from '../../core/stream-log.ts'
import { bytesOf } from './batch-size.ts'

/** State of a run: `waiting` until the first content; `lost` if its process died. */
export type StreamRunState = 'waiting' | 'streaming' | 'completed' | 'failed' | 'cancelled' | 'lost'

/** A tool call of a run. */
export interface ToolStatus {
  readonly id: string
  readonly name: string
  readonly state: 'called' | 'completed' | 'failed'
}

/** Progress of a run. Times are in ms since 1970. */
export interface StreamRunStatus {
  readonly streamId: string
  /** Id of the conversation, if the run has one. */
  readonly sessionId?: string | undefined
  readonly status: StreamRunState
  /** From 0 to 1; `null` while the run is not completed and has no `maxTokens`. */
  readonly progress: number | null
  /** Output tokens: estimated from the text while the run lasts, reported by the provider at its end. */
  readonly tokensGenerated: number
  /** Number of the newest batch. */
  readonly position: number
  readonly startedAt: number
  readonly completedAt: number | null
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly finishReason?: string | undefined
  /** Kind of the error that ended the run. */
  readonly error?: string | undefined
  /** The first 100 tool calls. */
  readonly tools: readonly ToolStatus[]
}

/** Measurements of a run. */
export interface RunMetrics {
  readonly streamId: string
  /** Input and output tokens at the end; estimated output tokens before. */
  readonly totalTokens: number
  /** Output tokens per second since the start. */
  readonly tokensPerSecond: number
  /** Time from the start to the first content in ms; `null` before it. */
  readonly latencyMs: number | null
  readonly durationMs: number
  /** Estimated size of all batches in bytes, per second. */
  readonly bandwidth: number
  /** Estimated size of all batches in bytes. */
  readonly bytes: number
  readonly batches: number
  /** 1 if the run failed or was lost, otherwise 0. */
  readonly errors: number
  readonly usage?: Usage | undefined
}

const MAX_TOOLS = 100
const CHARACTERS_PER_TOKEN = 4

/** Measures a run while it lasts: one pass over each batch, without keeping its text. */
export class RunMetricsCounter {
  readonly #startedAt: number
  readonly #maxTokens: number | undefined
  readonly #tools = new Map<string, ToolStatus>()
  #firstContentAt: number | undefined
  #endedAt: number | undefined
  #characters = 0
  #bytes = 0
  #batches = 0
  #usage: Usage | undefined
  #target: { provider?: string; model?: string } = {}
  #finishReason: string | undefined
  #error: string | undefined

  constructor(startedAt: number, maxTokens: number | undefined) {
    this.#startedAt = startedAt
    this.#maxTokens = maxTokens
  }

  /** Counts a batch. Returns whether it has content, which resets the idle timer. */
  add(batch: EventBatch, now: number): boolean {
    this.#batches++
    this.#bytes += bytesOf(batch)
    let hasContent = false
    for (const event of batch) hasContent = this.#take(event) || hasContent
    if (hasContent) this.#firstContentAt ??= now
    return hasContent
  }

  end(now: number, usage: Usage, error: string | undefined): void {
    this.#endedAt = now
    this.#usage = usage
    this.#error = error
  }

  toJSON(): JsonObject {
    const { provider, model } = this.#target
    return {
      startedAt: this.#startedAt,
      firstContentAt: this.#firstContentAt,
      endedAt: this.#endedAt,
      maxTokens: this.#maxTokens,
      tokens: this.#usage?.outputTokens ?? Math.ceil(this.#characters / CHARACTERS_PER_TOKEN),
      bytes: this.#bytes,
      batches: this.#batches,
      usage: this.#usage === undefined ? undefined : { ...this.#usage },
      provider,
      model,
      finishReason: this.#finishReason,
      error: this.#error,
      tools: [...this.#tools.values()].map((tool) => ({ ...tool })),
    }
  }

  #take(event: StreamEvent): boolean {
    switch (event.type) {
      case 'start':
      case 'continued':
        this.#target = { provider: event.provider, model: event.model }
        return false
      case 'text-delta':
      case 'reasoning-delta':
        this.#characters += event.text.length
        return event.text !== ''
      case 'tool-call-start':
        this.#setTool(event, 'called')
        return true
      case 'tool-result':
        this.#setTool(event, 'completed')
        return true
      case 'tool-error':
        this.#setTool(event, 'failed')
        return true
      case 'finish':
        this.#finishReason = event.finishReason
        return false
      default:
        return event.type === 'step' || isStep(event) || isContent(event)
    }
  }

  #setTool({ id, name }: { readonly id: string; readonly name: string }, state: ToolStatus['state']): void {
    if (this.#tools.size < MAX_TOOLS || this.#tools.has(id)) this.#tools.set(id, { id, name, state })
  }
}

/** The JSON form of a {@link RunMetricsCounter}, as the log stores it. */
interface StoredMetrics {
  readonly startedAt: number
  readonly firstContentAt?: number
  readonly endedAt?: number
  readonly maxTokens?: number
  readonly tokens: number
  readonly bytes: number
  readonly batches: number
  readonly usage?: Usage
  readonly provider?: string
  readonly model?: string
  readonly finishReason?: string
  readonly error?: string
  readonly tools: readonly ToolStatus[]
}

// Not validated, because only `toJSON` above writes it.
function storedMetrics({ figures }: LogInfo): StoredMetrics {
  const stored: object = figures
  return stored as StoredMetrics
}

/** Returns the progress of a run from what its log stores. */
export function statusOf(info: LogInfo): StreamRunStatus {
  const stored = storedMetrics(info)
  const { maxTokens, tokens, startedAt, endedAt, provider, model, finishReason, error, tools } = stored
  const status = stateOf(info, stored)
  const share = maxTokens === undefined ? null : Math.min(0.99, tokens / maxTokens)
  return {
    streamId: info.id,
    sessionId: textOf(info.meta['conversationId']),
    status,
    progress: status === 'completed' ? 1 : share,
    tokensGenerated: tokens,
    position: info.last,
    startedAt,
    completedAt: endedAt ?? null,
    provider,
    model,
    finishReason,
    error,
    tools,
  }
}

/** Returns the measurements of a run from what its log stores. `now` is in ms since 1970. */
export function metricsOf(info: LogInfo, now: number): RunMetrics {
  const stored = storedMetrics(info)
  const { startedAt, firstContentAt, endedAt, tokens, bytes, batches, usage, error } = stored
  const durationMs = Math.max(0, (endedAt ?? now) - startedAt)
  const seconds = durationMs / 1000
  return {
    streamId: info.id,
    totalTokens: usage?.totalTokens ?? tokens,
    tokensPerSecond: seconds > 0 ? tokens / seconds : 0,
    latencyMs: firstContentAt === undefined ? null : firstContentAt - startedAt,
    durationMs,
    bandwidth: seconds > 0 ? bytes / seconds : 0,
    bytes,
    batches,
    errors: error === undefined && info.state !== 'lost' ? 0 : 1,
    usage,
  }
}

function stateOf(info: LogInfo, { firstContentAt, error }: StoredMetrics): StreamRunState {
  if (info.state === 'lost') return 'lost'
  if (info.state === 'running') return firstContentAt === undefined ? 'waiting' : 'streaming'
  if (info.ending?.type === 'done') return 'completed'
  return error === 'aborted' ? 'cancelled' : 'failed'
}
