import type { Fragment } from '../core/dialect.ts'
import { listOf, objectOf, textOf } from '../core/json.ts'

/** Adds one warning about earlier reasoning that the provider did not use, with its reasons. */
export function noteTransformed(value: unknown, out: Fragment[]): void {
  const dropped = listOf(value)
    .map(objectOf)
    .filter(({ type, action }) => type === 'thinking_dropped' || action === 'removed')
  if (dropped.length === 0) return
  const reasons = [...new Set(dropped.map(({ reason }) => textOf(reason) ?? 'no reason given'))]
  const message = `the provider did not use ${dropped.length} earlier thoughts (${reasons.join(', ')})`
  out.push({ type: 'warning', warning: { type: 'other', message } })
}
