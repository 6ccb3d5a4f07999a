import { LlmError } from '../core/error.ts'
import type { ModerationAction, Moderator } from './moderator.ts'
import { createPiiModerator, type PiiModeratorOptions } from './pii-moderator.ts'
import type { ModerationRule } from './rule-set.ts'
import { createRuleModerator } from './rule-moderator.ts'

/** Options of one direction. */
export interface DirectionOptions {
  /** Whether this direction is moderated. Default true. */
  readonly enabled?: boolean | undefined
  /** Action for findings whose rule names none. Default: `block` for input, `redact` for output. */
  readonly action?: ModerationAction | undefined
  /** Overrides the moderators of both directions. They run in order, each on the result of the previous one. */
  readonly moderators?: readonly Moderator[] | undefined
  /** What happens if a moderator fails. Default: as in `ModerationOptions`. */
  readonly failure?: 'open' | 'closed' | undefined
  /** Maximum time of one moderator for one text, in ms. Default: as in `ModerationOptions`. */
  readonly timeoutMs?: number | undefined
}

/** Options that can be overridden for one user. */
export interface ModerationOverride {
  readonly enabled?: boolean | undefined
  readonly input?: boolean | Omit<DirectionOptions, 'moderators'> | undefined
  readonly output?: boolean | Omit<DirectionOptions, 'moderators'> | undefined
  readonly replacement?: string | undefined
  readonly categories?: readonly string[] | undefined
}

/** The user and conversation of a call. */
export interface ModeratedCaller {
  readonly userId?: string | undefined
  readonly conversationId?: string | undefined
}

/** The option `moderation` of `createOrchestrator`. */
export interface ModerationOptions {
  /** Whether texts are moderated. Default true. */
  readonly enabled?: boolean | undefined
  /** Rules, or the text of a rules file. They run before all other moderators. Default: none. */
  readonly rules?: readonly ModerationRule[] | string | undefined
  /** Detection of personal data: true, or its options. It runs after the rules. Default: off. */
  readonly pii?: boolean | PiiModeratorOptions | undefined
  /**
   * Further moderators, in order. A function returns those of one user and conversation, such as its placeholders; it is
   * called several times per call. Default: none.
   */
  readonly moderators?: readonly Moderator[] | ((caller: ModeratedCaller) => readonly Moderator[]) | undefined
  /** Moderation of user messages, text by text. Default true. */
  readonly input?: boolean | DirectionOptions | undefined
  /** Moderation of responses: text, reasoning, tool arguments and citations. Default true. */
  readonly output?: boolean | DirectionOptions | undefined
  /**
   * How streams are moderated. `scan`: while they arrive, by moderators with `scan` alone. `hold`: the stream is held
   * back until the whole response is moderated. `off`: not at all. Default: `scan` if all output moderators have `scan`,
   * else `hold`.
   */
  readonly stream?: 'scan' | 'hold' | 'off' | undefined
  /** Text that replaces a redacted finding. Default `[REDACTED]`. */
  readonly replacement?: string | undefined
  /** Categories whose findings count. Findings without a category always count. Default: all. */
  readonly categories?: readonly string[] | undefined
  /** What happens if a moderator fails: `open` skips it, `closed` blocks the text. Default `open`. */
  readonly failure?: 'open' | 'closed' | undefined
  /** Maximum time of one moderator for one text, in ms. Default 10 000. */
  readonly timeoutMs?: number | undefined
  /** Overrides by user id, or a function that returns them. Default: none. */
  readonly users?:
    | Readonly<Record<string, ModerationOverride>>
    | ((userId: string) => ModerationOverride | undefined)
    | undefined
}

/** The resolved options of one direction of one call. */
export interface DirectionPolicy {
  readonly moderators: readonly Moderator[]
  readonly action: ModerationAction
  readonly replacement: string
  readonly categories: readonly string[] | undefined
  readonly failure: 'open' | 'closed'
  readonly timeoutMs: number
}

/** The resolved policy of a call. A direction that is `undefined` is not moderated. */
export interface ModerationPolicy {
  readonly input: DirectionPolicy | undefined
  readonly output: DirectionPolicy | undefined
  readonly stream: 'scan' | 'hold' | 'off'
}

const OPTION_NAMES: ReadonlySet<string> = new Set(
  'enabled rules pii moderators input output stream replacement categories failure timeoutMs users'.split(
    ' ',
  ),
)
const DIRECTION_NAMES: ReadonlySet<string> = new Set('enabled action moderators failure timeoutMs'.split(' '))
const ACTIONS: ReadonlySet<string> = new Set(['pass', 'warn', 'redact', 'block'])

/**
 * Validates the options and returns the policy of each caller. Throws `misconfigured` with the path of an invalid option,
 * and `invalid-request` for an invalid rule.
 */
export function readModeration(options: ModerationOptions): (caller: ModeratedCaller) => ModerationPolicy {
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
  const shared =
    typeof moderators === 'function' ? undefined : policyOf(options, [...own, ...moderators], undefined)
  return (caller) => {
    const override = caller.userId === undefined ? undefined : overrideOf(caller.userId)
    if (override === undefined && shared !== undefined) return shared
    const others = typeof moderators === 'function' ? moderators(caller) : moderators
    return policyOf(options, [...own, ...others], override)
  }
}

function policyOf(
  options: ModerationOptions,
  moderators: readonly Moderator[],
  override: ModerationOverride | undefined,
): ModerationPolicy {
  const enabled = override?.enabled ?? options.enabled ?? true
  const direction = (name: 'input' | 'output', action: ModerationAction): DirectionPolicy | undefined => {
    const own: DirectionOptions = {
      ...directionOf(options[name]),
      ...definedOnly(directionOf(override?.[name])),
    }
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
  const output = direction('output', 'redact')
  const scans = output?.moderators.every(({ scan }) => scan !== undefined) ?? true
  return { input: direction('input', 'block'), output, stream: options.stream ?? (scans ? 'scan' : 'hold') }
}

function directionOf(direction: boolean | DirectionOptions | undefined): DirectionOptions {
  return typeof direction === 'object' ? direction : direction === undefined ? {} : { enabled: direction }
}

function definedOnly(direction: DirectionOptions): DirectionOptions {
  return Object.fromEntries(Object.entries(direction).filter(([, value]) => value !== undefined))
}

function check(options: ModerationOptions): void {
  checkNames(options, OPTION_NAMES, 'moderation')
  for (const name of ['input', 'output'] as const) {
    const direction = options[name]
    if (typeof direction !== 'object') continue
    checkNames(direction, DIRECTION_NAMES, `moderation.${name}`)
    if (direction.action !== undefined && !ACTIONS.has(direction.action))
      refuse(`moderation.${name}.action`, `is "${direction.action}"; known: ${[...ACTIONS].join(', ')}`)
  }
  if (options.stream !== undefined && !['scan', 'hold', 'off'].includes(options.stream))
    refuse('moderation.stream', `is "${options.stream}"; known: scan, hold, off`)
  const { moderators = [] } = options
  for (const moderator of typeof moderators === 'function' ? [] : moderators)
    if (moderator.scan === undefined && moderator.moderate === undefined)
      refuse(
        'moderation.moderators',
        `contains "${moderator.name}" without moderate and scan; add one of them`,
      )
}

function checkNames(value: object, known: ReadonlySet<string>, path: string): void {
  const unknown = Object.keys(value).find((name) => !known.has(name))
  if (unknown !== undefined) refuse(`${path}.${unknown}`, `is not an option; known: ${[...known].join(', ')}`)
}

function refuse(path: string, problem: string): never {
  throw new LlmError('misconfigured', `createOrchestrator: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
