import type { Clock } from '../core/clock.ts'
import { LlmError, type Issue } from '../core/error.ts'
import type {
  JudgeFinding,
  ModeratedRange,
  ModerationAction,
  ModerationContext,
  ModerationFinding,
  ModerationScan,
  ModerationSource,
  Moderator,
} from './moderator.ts'
import { yieldToEventLoop } from '../core/yield.ts'
import type { DirectionPolicy } from './policy.ts'

/** A decision of the moderation. Holds none of the text. */
export interface ModerationEvent {
  readonly source: ModerationSource
  /** `failed`: the moderator failed, and the policy decided. */
  readonly action: ModerationAction | 'failed'
  readonly moderator: string
  readonly rule?: string | undefined
  readonly categories: readonly string[]
  readonly requestId?: string | undefined
  readonly userId?: string | undefined
  readonly conversationId?: string | undefined
}

export interface ModerationRunOptions {
  readonly side: DirectionPolicy
  readonly context: ModerationContext
  readonly clock: Clock
  readonly tell: ((event: ModerationEvent) => void) | undefined
}

const STEPS_A_TURN = 40_000

/** The moderation of one direction of one call. */
export class ModerationRun {
  readonly #options: ModerationRunOptions
  /** What blocked, once something did: for the error. */
  readonly issues: Issue[] = []

  constructor(options: ModerationRunOptions) {
    this.#options = options
  }

  /** The error of what was blocked. */
  error(): LlmError {
    const { source } = this.#options.context
    const what = source === 'input' ? 'the request' : 'the answer'
    const by = this.issues.map(({ message }) => message).join('; ')
    return new LlmError('content-blocked', `${what} was stopped by moderation: ${by}`, {
      code: 'moderation',
      issues: [...this.issues],
    })
  }

  /** Opens a moderator's scan under the policy. `again`: it was read before, and nothing is told. */
  open(moderator: Moderator, path: string, again: boolean): ModerationScan {
    const judge = this.#judge(moderator, path, again)
    const open = (): ModerationScan => {
      const scan = moderator.scan?.(judge, this.#options.context)
      return scan ?? refuseScan(moderator)
    }
    return new GuardedScan(open, () => this.#fail(moderator, path))
  }

  /** A whole text as the moderators leave it; `undefined` where it is blocked. Gives way to others while it works. */
  async whole(
    text: string,
    path: string,
    which: (moderator: Moderator) => boolean = all,
  ): Promise<string | undefined> {
    let left: string | undefined = text
    for (const moderator of this.#options.side.moderators) {
      if (left === undefined || left === '' || !which(moderator)) continue
      left =
        moderator.scan === undefined
          ? await this.#ask(moderator, left, path)
          : await this.#scan(moderator, left, path)
    }
    return left
  }

  async #scan(moderator: Moderator, text: string, path: string): Promise<string | undefined> {
    const scan = this.open(moderator, path, false)
    const ranges: ModeratedRange[] = []
    scan.push(text)
    scan.end()
    while (!scan.run(ranges, STEPS_A_TURN)) await yieldToEventLoop()
    return scan.blocked ? undefined : replaced(text, ranges)
  }

  async #ask(moderator: Moderator, text: string, path: string): Promise<string | undefined> {
    let findings: readonly ModerationFinding[]
    try {
      findings = await this.#inTime(moderator, text)
    } catch {
      return this.#fail(moderator, path) ? undefined : text
    }
    const judge = this.#judge(moderator, path, false)
    const ranges: ModeratedRange[] = []
    let at = 0
    for (const finding of findings.toSorted((a, b) => (a.start ?? 0) - (b.start ?? 0))) {
      const { block, replacement } = judge(finding)
      if (block === true) return undefined
      const { start = 0, end = text.length } = finding
      if (replacement === undefined || end <= at) continue
      if (start > at) ranges.push({ to: start })
      ranges.push({ to: end, replacement: start >= at ? replacement : '' })
      at = end
    }
    return replaced(text, [...ranges, { to: text.length }])
  }

  async #inTime(moderator: Moderator, text: string): Promise<readonly ModerationFinding[]> {
    const { clock, context, side } = this.#options
    const controller = new AbortController()
    const late = Promise.withResolvers<never>()
    const timer = clock.setTimer(() => {
      controller.abort()
      late.reject(
        new LlmError('timeout', `moderator "${moderator.name}" took longer than ${side.timeoutMs} ms`),
      )
    }, side.timeoutMs)
    const leave = (): void => {
      controller.abort()
      late.reject(new LlmError('aborted', 'the call was ended'))
    }
    context.signal?.addEventListener('abort', leave, { once: true })
    try {
      const asked = moderator.moderate?.(text, { ...context, signal: controller.signal }) ?? []
      return await Promise.race([asked, late.promise])
    } finally {
      clock.clearTimer(timer)
      context.signal?.removeEventListener('abort', leave)
    }
  }

  #judge(moderator: Moderator, path: string, again: boolean): JudgeFinding {
    const { side } = this.#options
    return (finding) => {
      if (!counts(finding, side.categories)) return {}
      const action = finding.action ?? side.action
      if (!again) this.#tell(moderator, action, finding)
      if (action === 'redact') return { replacement: finding.replacement ?? side.replacement }
      if (action !== 'block') return {}
      const by = finding.rule === undefined ? moderator.name : `${moderator.name} (${finding.rule})`
      this.issues.push({ path, message: `blocked by ${by}` })
      return { block: true }
    }
  }

  // True where a moderator that failed means that the text is refused.
  #fail(moderator: Moderator, path: string): boolean {
    if (this.#options.context.signal?.aborted === true) return false
    this.#tell(moderator, 'failed', { categories: [] })
    if (this.#options.side.failure === 'open') return false
    this.issues.push({ path, message: `${moderator.name} failed, and the policy is to refuse then` })
    return true
  }

  #tell(
    moderator: Moderator,
    action: ModerationEvent['action'],
    { rule, categories }: ModerationFinding,
  ): void {
    const { tell, context } = this.#options
    if (tell === undefined) return
    const { source, requestId, userId, conversationId } = context
    tell({ source, action, moderator: moderator.name, rule, categories, requestId, userId, conversationId })
  }
}

const all = (): boolean => true

function counts({ categories }: ModerationFinding, wanted: readonly string[] | undefined): boolean {
  return (
    wanted === undefined ||
    categories.length === 0 ||
    categories.some((category) => wanted.includes(category))
  )
}

function replaced(text: string, ranges: readonly ModeratedRange[]): string {
  let out = ''
  let from = 0
  for (const { to, replacement } of ranges) {
    out += replacement ?? text.slice(from, to)
    from = to
  }
  return out
}

function refuseScan({ name }: Moderator): never {
  throw new LlmError('misconfigured', `moderator "${name}" reads no streams`)
}

/** A scan whose failure is the policy's business. */
class GuardedScan implements ModerationScan {
  readonly #scan: ModerationScan | undefined
  readonly #refuses: () => boolean
  #length = 0
  #decided = 0
  #failed: 'open' | 'closed' | undefined

  constructor(open: () => ModerationScan, refuses: () => boolean) {
    this.#refuses = refuses
    this.#scan = this.#try(open)
  }

  get blocked(): boolean {
    return this.#failed === 'closed' || this.#scan?.blocked === true
  }

  push(text: string): void {
    this.#length += text.length
    if (this.#failed === undefined) this.#try(() => this.#scan?.push(text))
  }

  end(): void {
    if (this.#failed === undefined) this.#try(() => this.#scan?.end())
  }

  run(out: ModeratedRange[], budget?: number): boolean {
    const done = this.#failed === undefined ? this.#try(() => this.#scan?.run(out, budget)) : true
    this.#decided = out.at(-1)?.to ?? this.#decided
    if (this.#failed !== 'open') return done ?? true
    if (this.#length > this.#decided) out.push({ to: this.#length })
    this.#decided = this.#length
    return true
  }

  #try<T>(action: () => T): T | undefined {
    try {
      return action()
    } catch {
      this.#failed = this.#refuses() ? 'closed' : 'open'
      return undefined
    }
  }
}
