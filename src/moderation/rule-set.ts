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

/** One thing to look for, and what to do about it. */
export interface ModerationRule {
  /** Told in events. Default: `rule-1` and so on. */
  readonly id?: string | undefined
  /** Words as they are … */
  readonly literal?: string | undefined
  /** … or a pattern in JavaScript's syntax. */
  readonly pattern?: string | undefined
  /** Of the pattern: `m`, `s`. */
  readonly flags?: string | undefined
  /** Default true. */
  readonly ignoreCase?: boolean | undefined
  /** The literal counts only where no letter or digit is next to it. Default false. */
  readonly wholeWords?: boolean | undefined
  /** Default: what the policy says. */
  readonly action?: ModerationAction | undefined
  readonly replacement?: string | undefined
  readonly categories?: readonly string[] | undefined
}

/** A match that was looked at: which part of it counts. */
export interface Verified {
  readonly skip?: number | undefined
  readonly length?: number | undefined
}

/** A rule of this package's own, which may look twice. */
export interface CheckedRule extends ModerationRule {
  /** Gives the part that counts; `undefined` where it is nothing after all. */
  readonly verify?: ((text: string) => Verified | undefined) | undefined
  /** In place of `replacement`, by what was found. */
  readonly replace?: ((text: string) => string) | undefined
}

/** What may be the beginning of a match is waited for so long. */
export const MOST_HELD_CHARACTERS = 8_192

/** Rules, compiled to one engine. */
export class RuleSet {
  readonly #rules: readonly CheckedRule[]
  readonly #automaton: Automaton
  readonly #maxHeldCharacters: number

  /** Throws `invalid-request` naming the rule that is refused. */
  constructor(rules: readonly CheckedRule[], maxHeldCharacters: number = MOST_HELD_CHARACTERS) {
    this.#rules = rules
    this.#maxHeldCharacters = maxHeldCharacters
    this.#automaton = new Automaton(compileProgram(rules.map(searchOf)))
  }

  /** Opens a scan for one text. */
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

function searchOf(rule: ModerationRule): Search {
  const { literal, pattern, flags, ignoreCase = true, wholeWords = false } = rule
  if (literal !== undefined && literal.trim() !== '' && pattern === undefined)
    return wholeWords ? { node: wholeWord(literal, ignoreCase) } : { literal, ignoreCase }
  if (pattern === undefined) return refusePattern('a rule needs a literal or a pattern')
  const read = readFlags(flags)
  const node = readPattern(pattern, { ...read, ignoreCase })
  if (isEmptyable(node)) refusePattern('it matches where there is nothing')
  return { node }
}
