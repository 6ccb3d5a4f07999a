import { checkOptions, optionsSchema } from '../core/options.ts'
import {
  anyOf,
  callable,
  flag,
  listOf,
  milliseconds,
  oneOf,
  recordOf,
  text,
  type Group,
} from '../core/schema.ts'
import { actionField, categoriesField, moderatorField, ruleSchema } from './moderation-fields.ts'
import type { ModerationAction, Moderator } from './moderator.ts'
import { createPiiModerator, piiSchema, type PiiModeratorOptions } from './pii-moderator.ts'
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

/** The schema of {@link DirectionOptions}. */
export const directionSchema: Group = optionsSchema<DirectionOptions>()(() => ({
  ...overridableRows(),
  moderators: listOf(moderatorField),
}))
/** The schema of {@link ModerationOverride}. */
export const overrideSchema: Group = optionsSchema<ModerationOverride>()(() => ({
  enabled: flag,
  input: anyOf(flag, overridableSchema),
  output: anyOf(flag, overridableSchema),
  replacement: text,
  categories: categoriesField,
}))
/** The schema of {@link ModerationOptions}. */
export const moderationSchema: Group = optionsSchema<ModerationOptions>()(() => ({
  enabled: flag,
  rules: anyOf(text, listOf(ruleSchema)),
  pii: anyOf(flag, piiSchema),
  moderators: anyOf(callable, { ...listOf(moderatorField), expected: 'a list of moderators' }),
  input: anyOf(flag, directionSchema),
  output: anyOf(flag, directionSchema),
  stream: oneOf('scan', 'hold', 'off'),
  replacement: text,
  categories: categoriesField,
  failure: oneOf('open', 'closed'),
  timeoutMs: milliseconds,
  users: anyOf(callable, recordOf(overrideSchema)),
}))
const overridableRows = () => ({
  enabled: flag,
  action: actionField,
  failure: oneOf('open', 'closed'),
  timeoutMs: milliseconds,
})
const overridableSchema = optionsSchema<Omit<DirectionOptions, 'moderators'>>()(overridableRows)

/**
 * Validates the options and returns the policy of each caller. Throws `misconfigured` with the path of an invalid option,
 * and `invalid-request` for an invalid rule.
 */
export function readModeration(options: ModerationOptions): (caller: ModeratedCaller) => ModerationPolicy {
  checkOptions('moderation', moderationSchema, options)
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
