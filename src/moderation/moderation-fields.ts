import { isObject } from '../core/json.ts'
import { optionsSchema } from '../core/options.ts'
import { flag, kind, listOf, nonEmptyText, oneOf, text, type Field, type Group } from '../core/schema.ts'
import type { ModerationRule } from './rule-set.ts'

/** A `ModerationAction`. */
export const actionField: Field = oneOf('pass', 'warn', 'redact', 'block')
/** An `AlertSeverity`. */
export const severityField: Field = oneOf('info', 'warning', 'critical')
/** Names of categories. */
export const categoriesField: Field = listOf(nonEmptyText)
/** A `Moderator`. */
export const moderatorField: Field = kind(
  'a moderator: an object with moderate() or scan()',
  (value) => isObject(value) && ['moderate', 'scan'].some((name) => typeof value[name] === 'function'),
)

/** The schema of {@link ModerationRule}. */
export const ruleSchema: Group = optionsSchema<ModerationRule>()(() => ({
  id: text,
  literal: text,
  pattern: text,
  flags: text,
  ignoreCase: flag,
  wholeWords: flag,
  action: actionField,
  replacement: text,
  categories: categoriesField,
}))
