import { systemClock, type Clock, type Timer } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import type { TemplateOptions } from './engine.ts'
import { TemplateFault, toTemplateError } from './fault.ts'
import { importData } from './import-data.ts'
import { defaultTemplateLimits, resolveLimits, type TemplateLimits } from './limits.ts'
import { type PoolProcess, startProcess } from './pool-process.ts'
import type { RenderReply } from './serve.ts'
import { Dict } from './value.ts'

/** Settings of a pool. */
export interface TemplatePoolOptions extends TemplateOptions {
  /** Processes at most; each is started when it is first needed. Default 2. */
  readonly processes?: number | undefined
  /** Heap of a process, in megabytes. Default 64. */
  readonly heapMb?: number | undefined
  /** Longest time in a process, in milliseconds; then the process is killed. Default 1 000. */
  readonly deadlineMs?: number | undefined
  /** Longest start of a process, in milliseconds. Default 10 000. */
  readonly startMs?: number | undefined
  /** Renderings that may wait. Default 1 000. */
  readonly maxPending?: number | undefined
  /** URL of a module that exports `serveTemplates`. Default: this package; bundled programs must give one. */
  readonly module?: string | URL | undefined
  readonly clock?: Clock | undefined
}

/** Renders templates of strangers outside of this process. */
export interface TemplatePool extends AsyncDisposable {
  /**
   * Renders a template. Rejects with `template-failed`, also where its process ran out of memory or time,
   * `queue-full`, `aborted` after `close()` or by the signal, or `misconfigured` where no process starts.
   */
  render(
    source: string,
    data?: unknown,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<string>
  stats(): { readonly pids: readonly number[]; readonly busy: number; readonly pending: number }
  /** Kills all processes, rejects what waits, and resolves when every process is gone. Idempotent. */
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

/** Makes a pool. No process runs before the first rendering; an idle pool does not keep the host alive. */
export function createTemplatePool(options: TemplatePoolOptions = {}): TemplatePool {
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
    this.#limits = resolveLimits(defaultTemplateLimits, options.limits, (reason) => {
      throw new LlmError('misconfigured', `Template pool: ${reason}`)
    })
  }

  async render(source: string, data: unknown, signal: AbortSignal | undefined): Promise<string> {
    const { maxPending = 1_000 } = this.#options
    if (this.#closing !== undefined) throw closedError()
    if (signal?.aborted === true) throw abortedError()
    if (this.#pending.length >= maxPending)
      throw new LlmError(
        'queue-full',
        `${maxPending} templates wait to be rendered already; try again later`,
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
        // Their ends are waited for: until then the host must not end either.
        worker.process?.hold(true)
        this.#end(worker, closedError())
      }
      this.#settleClose()
    })
    return this.#closing
  }

  /** The data as this process would read it: none of its code runs, here or there. */
  #plain(source: unknown, data: unknown): unknown {
    try {
      if (typeof source !== 'string') throw new TemplateFault('it must be a text', 0)
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
      worker.process = await startProcess({ module: String(module ?? ownAddress()), heapMb }, events)
      if (this.#closing !== undefined) worker.process.kill()
    }
    begin().catch(() => this.#exit(worker))
  }

  #assign(worker: Worker, job: Job | undefined): void {
    if (job === undefined) return
    const { deadlineMs = 1_000, trimBlocks, lstripBlocks } = this.#options
    // Should this process be gone by then, that one still ends by itself.
    const limits = { ...this.#limits, deadlineMs: Math.min(this.#limits.deadlineMs, 2 * deadlineMs) }
    worker.state = 'busy'
    worker.job = job
    worker.timer = this.#clock.setTimer(() => {
      this.#end(
        worker,
        failed(`it took longer than ${deadlineMs} ms (deadlineMs), and its process was ended`),
      )
    }, deadlineMs)
    worker.process?.hold(true)
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
    worker.process?.hold(false)
    if (text !== undefined && text.length <= this.#limits.maxOutputChars) job?.resolve(text)
    else job?.reject(new LlmError('template-failed', error ?? 'Template: its process gave no text'))
    this.#pump()
  }

  /** Kills a process and gives its job an end. */
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
    job?.reject(failed('its process ended: it needs too much memory'))
    if (state === 'starting' && this.#closing === undefined) this.#giveUp()
    this.#settleClose()
    this.#pump()
  }

  /** Nothing starts: whoever waits is told, since another try would end the same way. */
  #giveUp(): void {
    const hint = 'no template process starts; give the option `module` where the program is bundled'
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

/** The module behind `llm-switchyard/templates`, as another process can load it. */
function ownAddress(): string {
  const here = import.meta.url
  return here.endsWith('.ts')
    ? new URL('./index.ts', here).href
    : import.meta.resolve('llm-switchyard/templates')
}

function failed(reason: string): LlmError {
  return toTemplateError(new TemplateFault(reason, 0), 0)
}

const closedError = (): LlmError => new LlmError('aborted', 'The template pool is closed')
const abortedError = (): LlmError => new LlmError('aborted', 'The rendering was aborted by its signal')
