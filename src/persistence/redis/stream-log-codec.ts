import { timerMs } from '../../core/clock.ts'
import type { EventBatch } from '../../core/event.ts'
import { textOf, type JsonObject } from '../../core/json.ts'
import type {
  LogBounds,
  LogEnding,
  LogHead,
  LogInfo,
  LogPage,
  LogRange,
  LogState,
} from '../../core/stream-log.ts'
import type { Script } from './client.ts'
import type { ResilientConnection } from './resilient-connection.ts'
import { conflict } from './stream-log-error.ts'
import {
  appendScript,
  callScript,
  cancelScript,
  createScript,
  endScript,
  findScript,
  infoScript,
  readScript,
  renewScript,
} from './stream-log-scripts.ts'

export interface RunCodecOptions {
  readonly connection: ResilientConnection
  readonly space: string
  readonly owner: string
  readonly leaseMs: number
  readonly bounds: Required<{ [K in keyof LogBounds]: number }>
}

/** What Redis replies to a writer: whether it lost the run, and whether the run was cancelled. */
export interface Verdict {
  readonly lost: boolean
  /** Reason of the cancellation. */
  readonly stop?: string | undefined
}

/**
 * Sends the operations of the log to Redis. Each rejects with `overloaded`, code `stream-log-down`, while Redis is
 * down.
 */
export class RunCodec {
  readonly #options: RunCodecOptions

  constructor(options: RunCodecOptions) {
    this.#options = options
  }

  /** Channel on which this process receives cancellations. */
  get ownChannel(): string {
    return `${this.#options.space}:o:${this.#options.owner}`
  }

  /** Channel on which readers follow a run. */
  channel(id: string): string {
    return `${this.#options.space}:w:${id}`
  }

  async create(head: LogHead): Promise<void> {
    const { id, key = '', meta, figures } = head
    const about = [id, ...[key, meta, figures()].map((each) => JSON.stringify(each))]
    const [hash = '', , ...name] = this.#keys(head)
    if ((await this.#run(createScript, [hash, ...name], [...this.#writer(), ...about])) === 'exists')
      throw conflict(id)
  }

  /** Appends batches, as JSON, after sequence `after`. Skips those that Redis already has. */
  async append(id: string, after: number, texts: readonly string[]): Promise<Verdict> {
    const { maxBatches, maxBytes } = this.#options.bounds
    const where = [String(maxBatches), String(maxBytes), this.channel(id), String(after)]
    const args = [...this.#writer(), ...where, ...texts]
    return verdictOf(await this.#run(appendScript, [this.#hash(id), this.#list(id)], args))
  }

  async renew(head: LogHead): Promise<Verdict> {
    const args = [...this.#writer(), JSON.stringify(head.figures())]
    return verdictOf(await this.#run(renewScript, this.#keys(head), args))
  }

  async end(head: LogHead, ending: LogEnding): Promise<void> {
    const [owner, , ttl] = this.#writer()
    const about = [JSON.stringify(ending), JSON.stringify(head.figures()), this.channel(head.id)]
    await this.#run(endScript, this.#keys(head), [owner, ttl, ...about])
  }

  async read(id: string, { after, maxBatches, maxBytes }: LogRange): Promise<LogPage | undefined> {
    const args = [String(after), String(maxBatches), String(maxBytes)]
    const reply = await this.#run(readScript, [this.#hash(id), this.#list(id)], args)
    if (reply === '') return undefined
    const [state, first, last, ending = '', ...texts] = reply.split('\n')
    const from = Math.max(after + 1, Number(first))
    const entries = texts.map((text, index) => ({ seq: from + index, batch: JSON.parse(text) as EventBatch }))
    const known = parseText(ending) as LogEnding | undefined
    return { entries, first: Number(first), last: Number(last), state: state as LogState, ending: known }
  }

  async info(id: string): Promise<LogInfo | undefined> {
    const reply = await this.#run(infoScript, [this.#hash(id)], [])
    if (reply === '') return undefined
    const [state, last, ...texts] = reply.split('\n')
    const [key, meta, figures, ending] = texts.map(parseText)
    return {
      id,
      key: textOf(key),
      state: state as LogState,
      last: Number(last),
      meta: (meta ?? {}) as JsonObject,
      figures: (figures ?? {}) as JsonObject,
      ending: ending as LogEnding | undefined,
    }
  }

  async find(key: string): Promise<string | undefined> {
    return textOf(await this.#run(findScript, [this.#name(key)], []))
  }

  async cancel(id: string, reason: string): Promise<boolean> {
    const args = [JSON.stringify(reason), `${this.#options.space}:o:`, id]
    return (await this.#run(cancelScript, [this.#hash(id)], args)) === 'ok'
  }

  /** Notifies the followers of a run. Returns how many processes received it. */
  async countListeners(id: string): Promise<number> {
    return Number(await this.#run(callScript, [this.#hash(id)], [this.channel(id)]))
  }

  async #run(script: Script, keys: string[], args: string[]): Promise<string> {
    const { connection } = this.#options
    try {
      return await connection.run(script, { keys, args })
    } catch (cause) {
      throw connection.downError('stream log', 'stream-log-down', cause)
    }
  }

  #writer(): [owner: string, lease: string, ttl: string] {
    const { owner, leaseMs, bounds } = this.#options
    return [owner, String(leaseMs), String(Math.ceil(timerMs(bounds.ttlMs)))]
  }

  #keys({ id, key = '' }: LogHead): string[] {
    return [this.#hash(id), this.#list(id), ...(key === '' ? [] : [this.#name(key)])]
  }

  #hash(id: string): string {
    return `${this.#options.space}:h:${id}`
  }

  #list(id: string): string {
    return `${this.#options.space}:b:${id}`
  }

  #name(key: string): string {
    return `${this.#options.space}:k:${key}`
  }
}

function verdictOf(reply: string): Verdict {
  if (reply === 'lost') return { lost: true }
  const [word, reason = '""'] = reply.split('\n')
  return word === 'stop' ? { lost: false, stop: String(JSON.parse(reason)) } : { lost: false }
}

function parseText(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text)
}
