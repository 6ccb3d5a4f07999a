import type { Moderator } from './moderator.ts'
import { RuleSet, type CheckedRule, type ModerationRule } from './rule-set.ts'
import { parseRules } from './rules-file.ts'

export interface RuleModeratorOptions {
  /** Rules, or the text of a rules file. At one place of a text the first that matches decides. */
  readonly rules: readonly ModerationRule[] | string
  /** Default `rules`. */
  readonly name?: string | undefined
  /**
   * What may be the beginning of a match is held back for so many characters; beyond that it counts as one until it can
   * be one no more, so that nothing leaks. Default 8 192.
   */
  readonly maxHeldCharacters?: number | undefined
}

/** Judges by rules, and reads streams as they come. Throws `invalid-request` for a rule that is refused. */
export function createRuleModerator({
  rules,
  name = 'rules',
  maxHeldCharacters,
}: RuleModeratorOptions): Moderator {
  const read = typeof rules === 'string' ? parseRules(rules).rules : rules
  return checkedModerator(name, read, maxHeldCharacters)
}

/** A moderator over rules that may look twice. */
export function checkedModerator(
  name: string,
  rules: readonly CheckedRule[],
  maxHeldCharacters?: number,
): Moderator {
  const set = new RuleSet(rules, maxHeldCharacters)
  return { name, scan: (judge) => set.open(judge) }
}
