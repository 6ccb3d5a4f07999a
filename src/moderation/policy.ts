import { LlmError } from '../core/error.ts'
import type { ModerationAction, Moderator } from './moderator.ts'
import { createPiiModerator, type PiiModeratorOptions } from './pii-moderator.ts'
import type { ModerationRule } from './rule-set.ts'
import { createRuleModerator } from './rule-moderator.ts'

/** What holds for one direction. */
export interface DirectionOptions {
  readonly enabled?: boolean | undefined
  /** What is done about a finding whose rule says nothing. Default: `block` for input, `redact` for output. */
  readonly action?: ModerationAction | undefined
  /** In place of those for both directions; asked in order, each gets what the one before left. */
  readonly moderators?: readonly Moderator[] | undefined
  readonly failure?: 'open' | 'closed' | undefined
  readonly timeoutMs?: number | undefined
}

/** What may be said otherwise for one user. */
export interface ModerationOverride {
  readonly enabled?: boolean | undefined
  readonly input?: boolean | Omit<DirectionOptions, 'moderators'> | undefined
  readonly output?: boolean | Omit<DirectionOptions, 'moderators'> | undefined
  readonly replacement?: string | undefined
  readonly categories?: readonly string[] | undefined
}

/** Whose call it is. */
export interface ModeratedCaller {
  readonly userId?: string | undefined
  readonly conversationId?: string | undefined
}

/** How texts are moderated. */
export interface ModerationOptions {
  /** Default true. */
  readonly enabled?: boolean | undefined
  /** Rules, or the text of a rules file: a moderator before all others. */
  readonly rules?: readonly ModerationRule[] | string | undefined
  /** Personal data: a moderator behind the rules. Default false. */
  readonly pii?: boolean | PiiModeratorOptions | undefined
  /** Further moderators, in order; as a function, those of one conversation, such as its placeholders: asked for more than once per call. */
  readonly moderators?: readonly Moderator[] | ((who: ModeratedCaller) => readonly Moderator[]) | undefined
  /** What users write, text by text. Default true. */
  readonly input?: boolean | DirectionOptions | undefined
  /** What models answer: text, reasoning, tool arguments, citations. Default true. */
  readonly output?: boolean | DirectionOptions | undefined
  /**
   * How streams are moderated. `scan`: as they come, by the moderators that can read them so; the others see whole answers
   * only. `hold`: nothing is given before the answer was judged whole. `off`: not. Default: `scan` where all moderators of
   * the output read streams, else `hold`.
   */
  readonly stream?: 'scan' | 'hold' | 'off' | undefined
  /** What is put in place of a finding. Default `[REDACTED]`. */
  readonly replacement?: string | undefined
  /** Only findings of these categories count, and those without one. Default: all. */
  readonly categories?: readonly string[] | undefined
  /** What a moderator that fails means: `open` goes on without it, `closed` refuses the text. Default `open`. */
  readonly failure?: 'open' | 'closed' | undefined
  /** How long one moderator may take for one text. Default 10 000. */
  readonly timeoutMs?: number | undefined
  /** By user id, or a function of it. */
  readonly users?:
    | Readonly<Record<string, ModerationOverride>>
    | ((userId: string) => ModerationOverride | undefined)
    | undefined
}

/** What holds for one direction of one call. */
export interface DirectionPolicy {
  readonly moderators: readonly Moderator[]
  readonly action: ModerationAction
  readonly replacement: string
  readonly categories: readonly string[] | undefined
  readonly failure: 'open' | 'closed'
  readonly timeoutMs: number
}

/** The policy of a call; a side that is `undefined` is not moderated. */
export interface ModerationPolicy {
  readonly input: DirectionPolicy | undefined
  readonly output: DirectionPolicy | undefined
  readonly stream: 'scan' | 'hold' | 'off'
}

const NAMES: ReadonlySet<string> = new Set(
  'enabled rules pii moderators input output stream replacement categories failure timeoutMs users'.split(
    ' ',
  ),
)
const SIDE_NAMES: ReadonlySet<string> = new Set('enabled action moderators failure timeoutMs'.split(' '))
const ACTIONS: ReadonlySet<string> = new Set(['pass', 'warn', 'redact', 'block'])

/** Reads the options once; throws `misconfigured` naming the field, `invalid-request` for a rule that is refused. */
export function readModeration(options: ModerationOptions): (who: ModeratedCaller) => ModerationPolicy {
  check(options)
  const { rules, pii = false, moderators = [], users } = options
  const own = [
    ...(rules === undefined ? [] : [createRuleModerator({ rules })]),
    ...(pii === false ? [] : [createPiiModerator(pii === true ? {} : pii)]),
  ]
  const overrideOf = (userId: string): ModerationOverride | undefined =>
    typeof users === 'function'
      ? users(userId)
      : users !== undefined && Object.hasOwn(users, userId)
        ? users[userId]
        : undefined
  const standing =
    typeof moderators === 'function' ? undefined : policyOf(options, [...own, ...moderators], undefined)
  return (who) => {
    const override = who.userId === undefined ? undefined : overrideOf(who.userId)
    if (override === undefined && standing !== undefined) return standing
    const others = typeof moderators === 'function' ? moderators(who) : moderators
    return policyOf(options, [...own, ...others], override)
  }
}

function policyOf(
  options: ModerationOptions,
  moderators: readonly Moderator[],
  override: ModerationOverride | undefined,
): ModerationPolicy {
  const enabled = override?.enabled ?? options.enabled ?? true
  const side = (name: 'input' | 'output', action: ModerationAction): DirectionPolicy | undefined => {
    const own: DirectionOptions = { ...sideOf(options[name]), ...given(sideOf(override?.[name])) }
    if (!enabled || own.enabled === false) return undefined
    return {
      moderators: own.moderators ?? moderators,
      action: own.action ?? action,
      replacement: override?.replacement ?? options.replacement ?? '[REDACTED]',
      categories: override?.categories ?? options.categories,
      failure: own.failure ?? options.failure ?? 'open',
      timeoutMs: own.timeoutMs ?? options.timeoutMs ?? 10_000,
    }
  }
  const output = side('output', 'redact')
  const scans = output?.moderators.every(({ scan }) => scan !== undefined) ?? true
  return { input: side('input', 'block'), output, stream: options.stream ?? (scans ? 'scan' : 'hold') }
}

function sideOf(side: boolean | DirectionOptions | undefined): DirectionOptions {
  return typeof side === 'object' ? side : side === undefined ? {} : { enabled: side }
}

function given(side: DirectionOptions): DirectionOptions {
  return Object.fromEntries(Object.entries(side).filter(([, value]) => value !== undefined))
}

function check(options: ModerationOptions): void {
  checkNames(options, NAMES, 'moderation')
  for (const name of ['input', 'output'] as const) {
    const side = options[name]
    if (typeof side !== 'object') continue
    checkNames(side, SIDE_NAMES, `moderation.${name}`)
    if (side.action !== undefined && !ACTIONS.has(side.action))
      refuse(`moderation.${name}.action`, `takes ${[...ACTIONS].join(', ')}`)
  }
  if (options.stream !== undefined && !['scan', 'hold', 'off'].includes(options.stream))
    refuse('moderation.stream', 'takes scan, hold, off')
  const { moderators = [] } = options
  for (const moderator of typeof moderators === 'function' ? [] : moderators)
    if (moderator.scan === undefined && moderator.moderate === undefined)
      refuse('moderation.moderators', `"${moderator.name}" has neither moderate nor scan`)
}

function checkNames(value: object, known: ReadonlySet<string>, path: string): void {
  const odd = Object.keys(value).find((name) => !known.has(name))
  if (odd !== undefined) refuse(`${path}.${odd}`, `is not an option; known: ${[...known].join(', ')}`)
}

function refuse(path: string, problem: string): never {
  throw new LlmError('misconfigured', `createOrchestrator: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
