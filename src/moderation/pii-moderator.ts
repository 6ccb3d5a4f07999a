import type { ModerationAction, Moderator } from './moderator.ts'
import { PII_PATTERNS, type PiiType } from './pii-rules.ts'
import type { ReversibleRedactions } from './reversible-redactions.ts'
import { checkedModerator } from './rule-moderator.ts'
import type { CheckedRule } from './rule-set.ts'

export interface PiiModeratorOptions {
  /** Default: all. */
  readonly types?: readonly PiiType[] | undefined
  /** Default `redact`, also where the policy would block. */
  readonly action?: ModerationAction | undefined
  /** What to put in place. Default `[PII]`. */
  readonly replacement?: string | undefined
  /** In place of `replacement`: placeholders that can be turned back. */
  readonly placeholders?: ReversibleRedactions | undefined
  /** Default `pii`. */
  readonly name?: string | undefined
}

/**
 * Finds personal data and secrets by their shape, and looks twice where there is a rule to check: card numbers by network
 * and Luhn, IBANs by country and checksum, and so on. Reads streams as they come.
 */
export function createPiiModerator(options: PiiModeratorOptions = {}): Moderator {
  const { types, action = 'redact', replacement = '[PII]', placeholders, name = 'pii' } = options
  const rules = PII_PATTERNS.filter(({ type }) => types?.includes(type) ?? true).map(
    ({ type, pattern, ignoreCase, verify }): CheckedRule => ({
      id: type,
      pattern,
      ignoreCase,
      verify,
      action,
      replacement,
      categories: ['pii', type],
      replace: placeholders === undefined ? undefined : (value) => placeholders.put(type, value),
    }),
  )
  return checkedModerator(name, rules)
}
