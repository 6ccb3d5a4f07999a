import type { Fault, Fragment, TextSplitter, ToolFragment } from '../core/dialect.ts'
import type { StreamEvent } from '../core/event.ts'
import type { Loadable } from '../core/lazy.ts'
import type { Schemas } from '../core/fit/load-schemas.ts'
import type { ResolvedTool } from '../core/params.ts'
import type { FinishReason, Usage, Warning } from '../core/response.ts'
import { mergeFigures, wholeUsage } from '../core/usage.ts'
import { ToolCallAssembler } from './assemble-tool-calls.ts'
import { neutralReason, withoutAnswer, type Ending } from './finish.ts'

export interface NormalizerOptions {
  readonly provider: string
  readonly model: string
  /** Warnings of the request. Delivered after `start`. */
  readonly warnings?: readonly Warning[] | undefined
  /** The caller's names of tools by those on the wire. Default: the same. */
  readonly toolNames?: ReadonlyMap<string, string> | undefined
  /** The dialect's neutral finish reasons, by the wire's stop reasons. */
  readonly finishReasons: Readonly<Record<string, FinishReason>>
  /** The tools of the request. Default: none. */
  readonly tools?: readonly ResolvedTool[] | undefined
  /** Converts arguments to the schemas of the tools. Default: they are left as they are. */
  readonly schemas?: Schemas | undefined
  /** Splits texts before they are read. */
  readonly split?: TextSplitter | undefined
  /** Called at the end if the provider reported no usage, with the undelivered events of the last batch. */
  readonly estimate: (pending: readonly StreamEvent[]) => Usage
}

/** Converts a dialect's fragments to stream events: `start` first, complete tool calls, one `finish` last. */
export interface Normalizer {
  /** Returns the events of one batch of fragments. Ignores fragments after the end. */
  push(fragments: readonly Fragment[]): StreamEvent[]
  /** Called at the end of the source. Returns the last events; `undefined` if the answer is not complete. */
  end(): StreamEvent[] | undefined
  /** Whether `finish` was delivered. */
  readonly finished: boolean
  /** Whether a stop reason arrived, so that the answer is complete when the source ends. */
  readonly stopped: boolean
  /** The provider's error inside the stream, if any, or what reads it. */
  readonly fault: Loadable<Fault> | undefined
  /** Usage as reported so far. */
  readonly usage: Usage | undefined
}

/** Creates the normalizer of one stream. */
export function createNormalizer(options: NormalizerOptions): Normalizer {
  return new EventNormalizer(options)
}

class EventNormalizer implements Normalizer {
  finished = false
  stopped = false
  fault: Loadable<Fault> | undefined
  readonly #options: NormalizerOptions
  #tools: Map<number, ToolCallAssembler> | undefined
  readonly #endings: (Ending | undefined)[] = []
  #started = false
  #id: string | undefined
  #model: string | undefined
  #usage: Partial<Usage> | undefined
  #hasContent = false
  /** The provider's explanation of its stop reason. */
  #why: string | undefined
  // Number of answers, which `n` sets.
  #choices = 1

  constructor(options: NormalizerOptions) {
    this.#options = options
  }

  get usage(): Usage | undefined {
    return this.#usage && wholeUsage(this.#usage)
  }

  push(fragments: readonly Fragment[]): StreamEvent[] {
    const out: StreamEvent[] = []
    const { split } = this.#options
    for (const fragment of split === undefined ? fragments : split(fragments)) {
      if (this.finished || this.fault !== undefined) break
      if (fragment.type === 'meta') {
        this.#id ??= fragment.id
        this.#model ??= fragment.model
        continue
      }
      if (!this.#started) this.#start(out)
      this.#take(fragment, out)
    }
    return out
  }

  end(): StreamEvent[] | undefined {
    if (this.finished || this.fault !== undefined) return []
    if (!this.stopped) return undefined
    return this.push([{ type: 'end' }])
  }

  #take(fragment: Exclude<Fragment, { type: 'meta' }>, out: StreamEvent[]): void {
    switch (fragment.type) {
      case 'text-delta':
        if (fragment.choice !== undefined) this.#see(fragment.choice)
        if (fragment.text !== '') this.#hasContent = true
        if (
          fragment.text !== '' ||
          fragment.signature !== undefined ||
          fragment.phase !== undefined ||
          fragment.logprobs !== undefined
        )
          out.push(fragment)
        return
      case 'reasoning-delta':
        if (fragment.text !== '') this.#hasContent = true
        if (fragment.text !== '' || hasVendorFields(fragment)) out.push(fragment)
        return
      case 'tool':
        this.#toolsOf(fragment.choice).add(this.#named(fragment), out)
        return
      case 'file':
        this.#hasContent = true
        out.push(fragment)
        return
      case 'server-tool-call':
      case 'server-tool-result':
      case 'citation':
        out.push(fragment)
        return
      case 'warning':
        out.push({ type: 'warning', warning: fragment.warning })
        return
      case 'usage':
        this.#usage = fragment.merged ? fragment.usage : mergeFigures(this.#usage, fragment.usage)
        return
      case 'finish':
        this.#stop(fragment.choice ?? 0, fragment.reason)
        this.#why = fragment.message ?? this.#why
        return
      case 'fault':
        this.fault = fragment.fault
        return
      case 'end':
        this.#finish(out)
        return
    }
  }

  #named(fragment: ToolFragment): ToolFragment {
    const name = this.#options.toolNames?.get(fragment.name ?? '')
    return name === undefined ? fragment : { ...fragment, name }
  }

  #start(out: StreamEvent[]): void {
    this.#started = true
    const { provider, model } = this.#options
    const id = this.#id === undefined ? undefined : { id: this.#id }
    out.push({ type: 'start', provider, model: this.#model ?? model, ...id })
    for (const warning of this.#options.warnings ?? []) out.push({ type: 'warning', warning })
  }

  #see(choice: number): void {
    if (choice >= this.#choices) this.#choices = choice + 1
  }

  #toolsOf(choice: number | undefined): ToolCallAssembler {
    const index = choice ?? 0
    this.#see(index)
    const all = (this.#tools ??= new Map<number, ToolCallAssembler>())
    let tools = all.get(index)
    if (tools === undefined) {
      tools = new ToolCallAssembler(choice, this.#options.tools, this.#options.schemas)
      all.set(index, tools)
    }
    return tools
  }

  #stop(choice: number, raw: string | undefined): void {
    this.#see(choice)
    this.stopped = true
    const known = this.#endings[choice]
    if (known !== undefined && raw === undefined) return
    const finishReason = raw === undefined ? 'other' : neutralReason(this.#options.finishReasons, raw)
    this.#endings[choice] = { finishReason, rawFinishReason: raw }
  }

  #finish(out: StreamEvent[]): void {
    this.finished = true
    this.stopped = true
    let hasCalls = false
    for (const tools of this.#tools?.values() ?? []) {
      tools.end(out)
      hasCalls ||= tools.any
    }
    if (!this.#hasContent && !hasCalls) this.fault = withoutAnswer(this.#endings, this.#why)
    if (this.fault !== undefined) return
    const usage = this.usage ?? this.#options.estimate(out)
    out.push({ type: 'usage', usage })
    const finish = { type: 'finish', ...this.#endingOf(0), usage } as const
    if (this.#choices === 1) out.push(finish)
    else {
      const choices = Array.from({ length: this.#choices }, (_none, index) => this.#endingOf(index))
      out.push({ ...finish, choices })
    }
  }

  // Some wires have one stop reason for tool calls and for a plain stop.
  #endingOf(choice: number): Ending {
    const ending = this.#endings[choice] ?? { finishReason: 'other', rawFinishReason: undefined }
    const calls = this.#tools?.get(choice)?.any === true
    const plain = ending.finishReason === 'stop' || ending.finishReason === 'other'
    return calls && plain ? { ...ending, finishReason: 'tool-calls' } : ending
  }
}

function hasVendorFields(event: {
  signature?: unknown
  encrypted?: unknown
  id?: unknown
  details?: unknown
}): boolean {
  return (
    event.signature !== undefined ||
    event.encrypted !== undefined ||
    event.id !== undefined ||
    event.details !== undefined
  )
}
