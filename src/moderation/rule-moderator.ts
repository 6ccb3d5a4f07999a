import { checkOptions, optionsSchema } from '../core/options.ts'
import { anyOf, listOf, orInfinity, positiveCount, required, text, type Group } from '../core/schema.ts'
import { ruleSchema } from './moderation-fields.ts'
import type { Moderator } from './moderator.ts'
import { RuleSet, type CheckedRule, type ModerationRule } from './rule-set.ts'
import { parseRules } from './rules-file.ts'

/** Options of {@link createRuleModerator}. */
export interface RuleModeratorOptions {
  /** Rules, or the text of a rules file. If several match at one position, the first one decides. */
  readonly rules: readonly ModerationRule[] | string
  /** Name in events and errors. Default `rules`. */
  readonly name?: string | undefined
  /**
   * Maximum length of an undecided match that is held back, in UTF-16 units. A longer one is treated as a match for as
   * long as it can become one, so that none of it leaks. Default 8 192.
   */
  readonly maxHeldCharacters?: number | undefined
}

/** The schema of {@link RuleModeratorOptions}. */
export const ruleModeratorSchema: Group = optionsSchema<RuleModeratorOptions>()(() => ({
  rules: required(anyOf(text, listOf(ruleSchema))),
  name: text,
  maxHeldCharacters: orInfinity(positiveCount),
}))

/**
 * Creates a moderator from rules. Scans streams while they arrive. Throws `misconfigured` for a wrong option, and
 * `invalid-request` for an invalid rule.
 */
export function createRuleModerator(options: RuleModeratorOptions): Moderator {
  checkOptions('createRuleModerator', ruleModeratorSchema, options)
  const { rules, name = 'rules', maxHeldCharacters } = options
  const read = typeof rules === 'string' ? parseRules(rules).rules : rules
  return checkedModerator(name, read, maxHeldCharacters)
}

/** Creates a moderator from rules that may validate their matches. */
export function checkedModerator(
  name: string,
  rules: readonly CheckedRule[],
  maxHeldCharacters?: number,
): Moderator {
  const set = new RuleSet(rules, maxHeldCharacters)
  return { name, scan: (judge) => set.open(judge) }
}
