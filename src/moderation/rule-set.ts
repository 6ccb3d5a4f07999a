import { LlmError } from '../core/error.ts'
import type { JudgeFinding, ModerationAction, ModerationScan } from './moderator.ts'
import {
  Automaton,
  compileProgram,
  isEmptyable,
  readFlags,
  readPattern,
  refusePattern,
  Scanner,
  wholeWord,
  type Outcome,
  type Search,
} from './safe-regex/index.ts'

/** A literal or pattern to find, with the action for it. */
export interface ModerationRule {
  /** Name of the rule in events. Default: `rule-` and its number from 1. */
  readonly id?: string | undefined
  /** Text to find. Give either `literal` or `pattern`. */
  readonly literal?: string | undefined
  /** Pattern to find, in JavaScript's syntax. */
  readonly pattern?: string | undefined
  /** Flags of the pattern: `m`, `s`. */
  readonly flags?: string | undefined
  /** Whether case is ignored. Default true. */
  readonly ignoreCase?: boolean | undefined
  /** Whether the literal matches only if no letter or digit is next to it. Default false. */
  readonly wholeWords?: boolean | undefined
  /** Action for a finding. Default: the action of the policy. */
  readonly action?: ModerationAction | undefined
  /** Text that replaces a finding. Default: the replacement of the policy. */
  readonly replacement?: string | undefined
  readonly categories?: readonly string[] | undefined
}

/** The part of a validated match that is the finding. Default: all of it. */
export interface Verified {
  readonly skip?: number | undefined
  readonly length?: number | undefined
}

/** An internal rule, which may validate its matches. */
export interface CheckedRule extends ModerationRule {
  /** Returns the part of a match that is the finding, or `undefined` to reject the match. */
  readonly verify?: ((text: string) => Verified | undefined) | undefined
  /** Computes the replacement from the finding. Overrides `replacement`. */
  readonly replace?: ((text: string) => string) | undefined
}

/** Default of `maxHeldCharacters`: the maximum length of an undecided match that is held back. */
export const MAX_HELD_CHARACTERS = 8_192

/** Rules compiled to one automaton. */
export class RuleSet {
  readonly #rules: readonly CheckedRule[]
  readonly #automaton: Automaton
  readonly #maxHeldCharacters: number

  /** Throws `invalid-request` if a rule is invalid; the message names the rule. */
  constructor(rules: readonly CheckedRule[], maxHeldCharacters: number = MAX_HELD_CHARACTERS) {
    this.#rules = rules
    this.#maxHeldCharacters = maxHeldCharacters
    this.#automaton = new Automaton(compileProgram(rules.map(namedSearchOf)))
  }

  /** Creates a scan for one text. */
  open(judge: JudgeFinding): ModerationScan {
    return new Scanner({
      automaton: this.#automaton,
      maxHeldCharacters: this.#maxHeldCharacters,
      judge: (index, text, cut) => this.#judge(index, { text, cut, judge }),
    })
  }

  #judge(
    index: number,
    { text, cut, judge }: { text: string; cut: boolean; judge: JudgeFinding },
  ): Outcome | undefined {
    const rule = this.#rules[index] as CheckedRule
    const verified = cut || rule.verify === undefined ? {} : rule.verify(text)
    if (verified === undefined) return undefined
    const { skip = 0, length = text.length - skip } = verified
    const found = text.slice(skip, skip + length)
    const { action, categories = [] } = rule
    const replacement = rule.replace === undefined || cut ? rule.replacement : undefined
    const finding = { rule: rule.id ?? `rule-${index + 1}`, categories, action, replacement }
    const outcome = judge(finding)
    if (outcome.replacement === undefined || rule.replace === undefined || cut)
      return { ...outcome, skip, length }
    return { ...outcome, skip, length, replacement: rule.replace(found) }
  }
}

function namedSearchOf(rule: ModerationRule, index: number): Search {
  try {
    return searchOf(rule)
  } catch (error) {
    if (!LlmError.is(error)) throw error
    const message = `moderation rule "${rule.id ?? `rule-${index + 1}`}": ${error.message}`
    throw new LlmError(error.kind, message, { issues: error.issues, cause: error })
  }
}

function searchOf(rule: ModerationRule): Search {
  const { literal, pattern, flags, ignoreCase = true, wholeWords = false } = rule
  if (literal !== undefined && literal.trim() !== '' && pattern === undefined)
    return wholeWords ? { node: wholeWord(literal, ignoreCase) } : { literal, ignoreCase }
  if (pattern === undefined) return refusePattern('a rule needs a literal or a pattern that is not blank')
  const read = readFlags(flags)
  const node = readPattern(pattern, { ...read, ignoreCase })
  if (isEmptyable(node)) refusePattern('it matches the empty text; require at least one character')
  return { node }
}
