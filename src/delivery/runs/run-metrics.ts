import { isContent, type EventBatch, type StreamEvent } from '../../core/event.ts'
import { textOf, type JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'
import type { LogInfo } from '../../core/stream-log.ts'
import { bytesOf } from './batch-size.ts'

/** `waiting` until the first content; `lost` when the process that ran it is gone. */
export type RunState = 'waiting' | 'streaming' | 'completed' | 'failed' | 'cancelled' | 'lost'

/** A tool of a run, as it goes. */
export interface ToolStatus {
  readonly id: string
  readonly name: string
  readonly state: 'called' | 'completed' | 'failed'
}

/** Where a run stands. Times are in milliseconds since 1970. */
export interface RunStatus {
  readonly streamId: string
  /** The conversation, where there is one. */
  readonly sessionId?: string | undefined
  readonly status: RunState
  /** Of 1; `null` while nobody knows how long the answer may become. */
  readonly progress: number | null
  /** Measured at the end, estimated from the text before. */
  readonly tokensGenerated: number
  /** Place of the newest batch. */
  readonly position: number
  readonly startedAt: number
  readonly completedAt: number | null
  readonly provider?: string | undefined
  readonly model?: string | undefined
  readonly finishReason?: string | undefined
  /** Kind of the error that ended it. */
  readonly error?: string | undefined
  readonly tools: readonly ToolStatus[]
}

/** How a run goes, in figures. */
export interface RunMetrics {
  readonly streamId: string
  readonly totalTokens: number
  readonly tokensPerSecond: number
  /** From the start to the first content, in milliseconds. */
  readonly latencyMs: number | null
  readonly durationMs: number
  /** Bytes of content per second, about. */
  readonly bandwidth: number
  readonly bytes: number
  readonly batches: number
  readonly errors: number
  readonly usage?: Usage | undefined
}

const MAX_TOOLS = 100
const CHARACTERS_PER_TOKEN = 4

/** Counts a run as it goes: one pass over each batch, no text kept. */
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
  #from: { provider?: string; model?: string } = {}
  #finishReason: string | undefined
  #error: string | undefined

  constructor(startedAt: number, maxTokens: number | undefined) {
    this.#startedAt = startedAt
    this.#maxTokens = maxTokens
  }

  /** True where the batch shows that the answer goes on. */
  add(batch: EventBatch, now: number): boolean {
    this.#batches++
    this.#bytes += bytesOf(batch)
    let alive = false
    for (const event of batch) alive = this.#take(event) || alive
    if (alive) this.#firstContentAt ??= now
    return alive
  }

  end(now: number, usage: Usage, error: string | undefined): void {
    this.#endedAt = now
    this.#usage = usage
    this.#error = error
  }

  toJSON(): JsonObject {
    const { provider, model } = this.#from
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
        this.#from = { provider: event.provider, model: event.model }
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
        return event.type === 'step' || isContent(event)
    }
  }

  #setTool({ id, name }: { readonly id: string; readonly name: string }, state: ToolStatus['state']): void {
    if (this.#tools.size < MAX_TOOLS || this.#tools.has(id)) this.#tools.set(id, { id, name, state })
  }
}

/** What was stored of a run's {@link RunMetricsCounter}. */
interface StoredFigures {
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

// Ours all the way: written by `toJSON` above.
function storedIn({ figures }: LogInfo): StoredFigures {
  const stored: object = figures
  return stored as StoredFigures
}

/** Where the run stands, as its log tells. */
export function statusOf(info: LogInfo): RunStatus {
  const figures = storedIn(info)
  const { maxTokens, tokens, startedAt, endedAt, provider, model, finishReason, error, tools } = figures
  const status = stateOf(info, figures)
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

/** The run's figures, as its log tells. `now` is in milliseconds since 1970. */
export function metricsOf(info: LogInfo, now: number): RunMetrics {
  const figures = storedIn(info)
  const { startedAt, firstContentAt, endedAt, tokens, bytes, batches, usage, error } = figures
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

function stateOf(info: LogInfo, { firstContentAt, error }: StoredFigures): RunState {
  if (info.state === 'lost') return 'lost'
  if (info.state === 'running') return firstContentAt === undefined ? 'waiting' : 'streaming'
  if (info.ending?.type === 'done') return 'completed'
  return error === 'aborted' ? 'cancelled' : 'failed'
}
