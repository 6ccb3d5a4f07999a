import { systemClock, type Clock, type Timer } from '../core/clock.ts'
import { clockField } from '../core/common-fields.ts'
import { LlmError } from '../core/error.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import {
  count,
  kind,
  milliseconds,
  nonEmptyText,
  number,
  orInfinity,
  positiveCount,
  type Group,
} from '../core/schema.ts'
import { templateRows, type TemplateOptions } from './engine.ts'
import { requireSource, TemplateFault, toTemplateError } from './fault.ts'
import { importData } from './import-data.ts'
import { defaultTemplateLimits, resolveLimits, type TemplateLimits } from './limits.ts'
import { type PoolProcess, startProcess } from './pool-process.ts'
import type { RenderReply } from './serve.ts'
import { Dict } from './value.ts'

/** Options of a template pool. */
export interface TemplatePoolOptions extends TemplateOptions {
  /** Maximum number of processes. Each is started when it is first needed. Default 2. */
  readonly processes?: number | undefined
  /** Maximum heap size of a process, in MB, at least 1. Default 64. */
  readonly heapMb?: number | undefined
  /** Maximum time of one rendering in ms, after which its process is killed. Default 1 000. */
  readonly deadlineMs?: number | undefined
  /** Maximum time to start a process, in ms. Default 10 000. */
  readonly startMs?: number | undefined
  /** Maximum number of waiting renderings. Default 1 000; `Infinity` for no maximum. */
  readonly maxPending?: number | undefined
  /** URL of a module that exports `serveTemplates`. Default: this package. Required in bundled programs. */
  readonly module?: string | URL | undefined
  readonly clock?: Clock | undefined
}

/** The schema of {@link TemplatePoolOptions}. */
export const templatePoolSchema: Group = optionsSchema<TemplatePoolOptions>()(() => ({
  ...templateRows(),
  processes: positiveCount,
  heapMb: number({ min: 1, max: 1_048_576 }),
  deadlineMs: milliseconds,
  startMs: milliseconds,
  maxPending: orInfinity(count),
  module: kind(
    'a URL, or text of at least one character',
    (value) => value instanceof URL || nonEmptyText.fits(value),
  ),
  clock: clockField,
}))

/** Renders untrusted templates in child processes. */
export interface TemplatePool extends AsyncDisposable {
  /**
   * Renders a template. Rejects with `template-failed` if the template is invalid or its process exceeds memory or
   * time. Rejects with `queue-full` if too many renderings wait, and with `misconfigured` if no process starts. Rejects
   * with `aborted` by the signal or after `close()`.
   */
  render(
    source: string,
    data?: unknown,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<string>
  /** Returns the ids of the processes, and how many renderings run and wait. */
  stats(): { readonly pids: readonly number[]; readonly busy: number; readonly pending: number }
  /** Rejects all renderings, kills all processes, and resolves when they have exited. Idempotent. */
  close(): Promise<void>
}

interface Job {
  readonly id: number
  readonly source: string
  readonly data: unknown
  readonly resolve: (text: string) => void
  readonly reject: (error: LlmError) => void
}

interface Worker {
  state: 'starting' | 'idle' | 'busy' | 'gone'
  job: Job | undefined
  process: PoolProcess | undefined
  timer: Timer | undefined
}

/**
 * Creates a template pool. Starts no process before the first rendering; an idle pool does not keep the application
 * running. Throws `misconfigured` if an option is unknown or invalid.
 */
export function createTemplatePool(options: TemplatePoolOptions = {}): TemplatePool {
  checkOptions('createTemplatePool', templatePoolSchema, options)
  const pool = new Pool(options)
  return {
    render: (source, data, { signal } = {}) => pool.render(source, data, signal),
    stats: () => pool.stats(),
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

class Pool {
  readonly #options: TemplatePoolOptions
  readonly #limits: TemplateLimits
  readonly #clock: Clock
  readonly #workers = new Set<Worker>()
  readonly #pending: Job[] = []
  #lastId = 0
  #closed: (() => void) | undefined
  #closing: Promise<void> | undefined

  constructor(options: TemplatePoolOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#limits = resolveLimits(defaultTemplateLimits, options.limits)
  }

  async render(source: string, data: unknown, signal: AbortSignal | undefined): Promise<string> {
    const { maxPending = 1_000 } = this.#options
    if (this.#closing !== undefined) throw closedError()
    if (signal?.aborted === true) throw abortedError()
    if (this.#pending.length >= maxPending)
      throw new LlmError(
        'queue-full',
        `Template pool: ${maxPending} renderings are waiting; try again later or raise maxPending`,
        { pending: this.#pending.length },
      )
    const plain = this.#plain(source, data)
    const settled = new AbortController()
    const text = new Promise<string>((resolve, reject) => {
      const job: Job = { id: ++this.#lastId, source, data: plain, resolve, reject }
      this.#pending.push(job)
      signal?.addEventListener('abort', () => this.#abort(job), { signal: settled.signal })
      this.#pump()
    })
    return text.finally(() => settled.abort())
  }

  stats(): ReturnType<TemplatePool['stats']> {
    const workers = [...this.#workers]
    const pids = workers.flatMap((worker) => worker.process?.pid ?? [])
    return {
      pids,
      busy: workers.filter(({ state }) => state === 'busy').length,
      pending: this.#pending.length,
    }
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#closed = resolve
      for (const job of this.#pending.splice(0)) job.reject(closedError())
      for (const worker of this.#workers) {
        // close() waits for the exit of the process, so the application must not end before it.
        worker.process?.keepAlive(true)
        this.#end(worker, closedError())
      }
      this.#settleClose()
    })
    return this.#closing
  }

  /** Copies the data to plain values, so that no code of the data runs here or in the process. */
  #plain(source: unknown, data: unknown): unknown {
    try {
      requireSource(source)
      if (data === undefined || data === null) return {}
      const names = typeof data === 'object' ? Object.keys(data) : ['data']
      const values = importData(data, names, this.#limits)
      const copy = new Dict()
      for (const [index, name] of names.entries()) copy[name] = values[index]
      return copy
    } catch (error) {
      throw toTemplateError(error, 0)
    }
  }

  #pump(): void {
    while (this.#pending.length > 0) {
      const idle = [...this.#workers].find(({ state }) => state === 'idle')
      if (idle === undefined) break
      this.#assign(idle, this.#pending.shift())
    }
    const starting = [...this.#workers].filter(({ state }) => state === 'starting').length
    const { processes = 2 } = this.#options
    if (this.#pending.length > starting && this.#workers.size < Math.max(1, processes)) this.#start()
  }

  #start(): void {
    const { heapMb = 64, startMs = 10_000, module } = this.#options
    const worker: Worker = { state: 'starting', job: undefined, process: undefined, timer: undefined }
    this.#workers.add(worker)
    worker.timer = this.#clock.setTimer(() => worker.process?.kill(), startMs)
    const events = {
      reply: (reply: RenderReply) => this.#reply(worker, reply),
      exit: () => this.#exit(worker),
    }
    const begin = async (): Promise<void> => {
      worker.process = await startProcess({ module: String(module ?? ownModuleUrl()), heapMb }, events)
      if (this.#closing !== undefined) worker.process.kill()
    }
    begin().catch(() => this.#exit(worker))
  }

  #assign(worker: Worker, job: Job | undefined): void {
    if (job === undefined) return
    const { deadlineMs = 1_000, trimBlocks, lstripBlocks } = this.#options
    // The process also enforces a deadline of its own, in case this process ends first.
    const limits = { ...this.#limits, deadlineMs: Math.min(this.#limits.deadlineMs, 2 * deadlineMs) }
    worker.state = 'busy'
    worker.job = job
    worker.timer = this.#clock.setTimer(() => {
      this.#end(
        worker,
        failed(
          `its process was killed after ${deadlineMs} ms; simplify the template or raise deadlineMs of the pool`,
        ),
      )
    }, deadlineMs)
    worker.process?.keepAlive(true)
    worker.process?.send({
      id: job.id,
      source: job.source,
      data: job.data,
      options: { limits, trimBlocks, lstripBlocks },
    })
  }

  #reply(worker: Worker, { id, text, error }: RenderReply): void {
    if (worker.state === 'gone' || (worker.job !== undefined && worker.job.id !== id)) return
    this.#clock.clearTimer(worker.timer)
    const { job } = worker
    worker.state = 'idle'
    worker.job = undefined
    worker.process?.keepAlive(false)
    if (text !== undefined && text.length <= this.#limits.maxOutputChars) job?.resolve(text)
    else job?.reject(new LlmError('template-failed', error ?? 'Template: its process returned no text'))
    this.#pump()
  }

  /** Kills a process and rejects its job. */
  #end(worker: Worker, error: LlmError): void {
    worker.state = 'gone'
    worker.job?.reject(error)
    worker.job = undefined
    worker.process?.kill()
  }

  #exit(worker: Worker): void {
    const { state, job } = worker
    this.#clock.clearTimer(worker.timer)
    this.#workers.delete(worker)
    worker.state = 'gone'
    job?.reject(
      failed('its process exited, probably out of memory; simplify the template or raise heapMb of the pool'),
    )
    if (state === 'starting' && this.#closing === undefined) this.#rejectPending()
    this.#settleClose()
    this.#pump()
  }

  /** Rejects all waiting jobs if no process could start, because another attempt would fail in the same way. */
  #rejectPending(): void {
    const hint = 'no process starts; in a bundled program, pass `module`, a file that calls serveTemplates()'
    if ([...this.#workers].some(({ state }) => state !== 'starting')) return
    for (const job of this.#pending.splice(0))
      job.reject(new LlmError('misconfigured', `Template pool: ${hint}`))
  }

  #abort(job: Job): void {
    const at = this.#pending.indexOf(job)
    if (at >= 0) this.#pending.splice(at, 1)
    job.reject(abortedError())
  }

  #settleClose(): void {
    if (this.#workers.size === 0) this.#closed?.()
  }
}

/** Returns the URL of `llm-switchyard/templates` for another process. */
function ownModuleUrl(): string {
  const here = import.meta.url
  return here.endsWith('.ts')
    ? new URL('./index.ts', here).href
    : import.meta.resolve('llm-switchyard/templates')
}

function failed(reason: string): LlmError {
  return toTemplateError(new TemplateFault(reason, 0), 0)
}

const closedError = (): LlmError => new LlmError('aborted', 'Template pool: closed')
const abortedError = (): LlmError =>
  new LlmError('aborted', 'Template pool: the rendering was aborted by its signal')
