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
import type { JudgedTexts } from './judged-texts.ts'
import type { DirectionPolicy } from './policy.ts'

/** A moderation decision. Contains none of the text. */
export interface ModerationEvent {
  readonly source: ModerationSource
  /** What was done. `failed`: the moderator failed, so `failure` of the policy decided. */
  readonly action: ModerationAction | 'failed'
  readonly moderator: string
  readonly rule?: string | undefined
  readonly categories: readonly string[]
  readonly requestId?: string | undefined
  readonly userId?: string | undefined
  readonly conversationId?: string | undefined
}

/** Options of a {@link ModerationRun}. */
export interface ModerationRunOptions {
  /** The policy of the direction that is moderated. */
  readonly direction: DirectionPolicy
  readonly context: ModerationContext
  readonly clock: Clock
  /** What asynchronous moderators found in earlier texts. */
  readonly judged: JudgedTexts
  /** Called with every decision. */
  readonly onDecision: ((event: ModerationEvent) => void) | undefined
}

/** A text to moderate whole. */
export interface WholeText {
  readonly path: string
  /** The moderators to ask. Default: all. */
  readonly which?: ((moderator: Moderator) => boolean) | undefined
  /** Whether the text was part of an earlier call: what was decided then makes no events. */
  readonly past?: boolean | undefined
  /** Who wrote the text. Default: the source of the run. */
  readonly from?: ModerationSource | undefined
}

const STEPS_PER_SLICE = 40_000

/** Moderates one direction of one call. */
export class ModerationRun {
  readonly #options: ModerationRunOptions
  /** The findings that blocked, for the error. */
  readonly issues: Issue[] = []

  constructor(options: ModerationRunOptions) {
    this.#options = options
  }

  /** Creates the `content-blocked` error of the blocked text. */
  error(): LlmError {
    const { source } = this.#options.context
    const what = source === 'input' ? 'request' : 'response'
    const by = this.issues.map(({ path, message }) => `${path} ${message}`).join('; ')
    return new LlmError('content-blocked', `moderation blocked the ${what}: ${by}`, {
      code: 'moderation',
      issues: [...this.issues],
    })
  }

  /** Opens a moderator's scan under the policy. `again`: the text was scanned before, so no events are emitted. */
  open(moderator: Moderator, path: string, again: boolean): ModerationScan {
    const judge = this.#judge(moderator, path, again)
    const open = (): ModerationScan => {
      const scan = moderator.scan?.(judge, this.#options.context)
      return scan ?? refuseScan(moderator)
    }
    return new GuardedScan(open, () => this.#fail(moderator, path))
  }

  /** Moderates a whole text. Returns `undefined` if it is blocked. Yields to the event loop while it scans. */
  async whole(text: string, how: WholeText): Promise<string | undefined> {
    const { which = all } = how
    let current: string | undefined = text
    for (const moderator of this.#options.direction.moderators) {
      if (current === undefined || current === '' || !which(moderator)) continue
      current =
        moderator.scan === undefined
          ? await this.#moderateWhole(moderator, current, how)
          : await this.#scan(moderator, current, how)
    }
    return current
  }

  async #scan(moderator: Moderator, text: string, how: WholeText): Promise<string | undefined> {
    const { judged } = this.#options
    const key = this.#keyOf(text, how)
    const scan = this.open(
      moderator,
      how.path,
      how.past === true && judged.find(moderator, key) !== undefined,
    )
    judged.add(moderator, key, [])
    const ranges: ModeratedRange[] = []
    scan.push(text)
    scan.end()
    while (!scan.run(ranges, STEPS_PER_SLICE)) await yieldToEventLoop()
    return scan.blocked ? undefined : replaced(text, ranges)
  }

  async #moderateWhole(moderator: Moderator, text: string, how: WholeText): Promise<string | undefined> {
    const { judged } = this.#options
    const key = this.#keyOf(text, how)
    const known = judged.find(moderator, key)
    let findings = known
    try {
      findings ??= await this.#inTime(moderator, text)
    } catch {
      return this.#fail(moderator, how.path) ? undefined : text
    }
    judged.add(moderator, key, findings)
    return this.#applied(
      text,
      findings,
      this.#judge(moderator, how.path, known !== undefined && how.past === true),
    )
  }

  #applied(text: string, findings: readonly ModerationFinding[], judge: JudgeFinding): string | undefined {
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

  // A moderator may decide by who wrote a text, and where.
  #keyOf(text: string, { from }: WholeText): string {
    const { source, userId, conversationId } = this.#options.context
    return JSON.stringify([from ?? source, userId, conversationId, text])
  }

  async #inTime(moderator: Moderator, text: string): Promise<readonly ModerationFinding[]> {
    const { clock, context, direction } = this.#options
    const controller = new AbortController()
    const ended = Promise.withResolvers<never>()
    const timer = clock.setTimer(() => {
      controller.abort()
      ended.reject(
        new LlmError(
          'timeout',
          `moderator "${moderator.name}" took longer than ${direction.timeoutMs} ms; raise moderation.timeoutMs`,
        ),
      )
    }, direction.timeoutMs)
    const onAbort = (): void => {
      controller.abort()
      ended.reject(new LlmError('aborted', `the call ended while moderator "${moderator.name}" was running`))
    }
    context.signal?.addEventListener('abort', onAbort, { once: true })
    try {
      const asked = moderator.moderate?.(text, { ...context, signal: controller.signal }) ?? []
      return await Promise.race([asked, ended.promise])
    } finally {
      clock.clearTimer(timer)
      context.signal?.removeEventListener('abort', onAbort)
    }
  }

  #judge(moderator: Moderator, path: string, again: boolean): JudgeFinding {
    const { direction } = this.#options
    return (finding) => {
      if (!isRelevant(finding, direction.categories)) return {}
      const action = finding.action ?? direction.action
      if (!again) this.#emit(moderator, action, finding)
      if (action === 'redact') return { replacement: finding.replacement ?? direction.replacement }
      if (action !== 'block') return {}
      const by = finding.rule === undefined ? moderator.name : `${moderator.name} (${finding.rule})`
      this.issues.push({ path, message: `blocked by ${by}` })
      return { block: true }
    }
  }

  // Returns whether the failure of a moderator blocks the text.
  #fail(moderator: Moderator, path: string): boolean {
    if (this.#options.context.signal?.aborted === true) return false
    this.#emit(moderator, 'failed', { categories: [] })
    if (this.#options.direction.failure === 'open') return false
    this.issues.push({ path, message: `blocked because ${moderator.name} failed (failure: 'closed')` })
    return true
  }

  #emit(
    moderator: Moderator,
    action: ModerationEvent['action'],
    { rule, categories }: ModerationFinding,
  ): void {
    const { onDecision, context } = this.#options
    if (onDecision === undefined) return
    const { source, requestId, userId, conversationId } = context
    onDecision({
      source,
      action,
      moderator: moderator.name,
      rule,
      categories,
      requestId,
      userId,
      conversationId,
    })
  }
}

const all = (): boolean => true

function isRelevant({ categories }: ModerationFinding, wanted: readonly string[] | undefined): boolean {
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
  throw new LlmError(
    'misconfigured',
    `moderator "${name}" has no scan; add one or set moderation.stream to hold`,
  )
}

/** Wraps a scan: if it throws, the policy decides whether the text is blocked or passes. */
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
