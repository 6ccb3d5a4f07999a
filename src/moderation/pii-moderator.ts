import { checkOptions, optionsSchema } from '../core/options.ts'
import { listOf, oneOf, text, withMethods, type Group } from '../core/schema.ts'
import { actionField } from './moderation-fields.ts'
import type { ModerationAction, Moderator } from './moderator.ts'
import { PII_PATTERNS, type PiiType } from './pii-rules.ts'
import type { ReversibleRedactions } from './reversible-redactions.ts'
import { checkedModerator } from './rule-moderator.ts'
import type { CheckedRule } from './rule-set.ts'

/** Options of {@link createPiiModerator}. */
export interface PiiModeratorOptions {
  /** Types to detect. Default: all. */
  readonly types?: readonly PiiType[] | undefined
  /** Action for a finding. Default `redact`, also if the action of the policy is `block`. */
  readonly action?: ModerationAction | undefined
  /** Text that replaces a finding. Default `[PII]`. */
  readonly replacement?: string | undefined
  /** Reversible placeholders, used instead of `replacement`. Default: none. */
  readonly placeholders?: ReversibleRedactions | undefined
  /** Name in events and errors. Default `pii`. */
  readonly name?: string | undefined
}

/** The schema of {@link PiiModeratorOptions}. */
export const piiSchema: Group = optionsSchema<PiiModeratorOptions>()(() => ({
  types: listOf(
    oneOf(
      'email',
      'phone',
      'card',
      'iban',
      'ssn',
      'ip',
      'api-key',
      'jwt',
      'private-key',
      'passport',
      'licence',
      'bank-account',
    ),
  ),
  action: actionField,
  replacement: text,
  placeholders: withMethods('put', 'restore'),
  name: text,
}))

/**
 * Creates a moderator that finds personal data and secrets by pattern, and validates checksums and ranges: cards by
 * network and Luhn, IBANs by country and checksum. Scans streams while they arrive.
 */
export function createPiiModerator(options: PiiModeratorOptions = {}): Moderator {
  checkOptions('createPiiModerator', piiSchema, options)
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
