import { listOf, numberOf, objectOf } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'

/** Usage on the wire: cache reads and writes are counted apart from the input. */
export type WireUsage = Readonly<Record<string, unknown>>

const INPUT_FIELDS = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'] as const

/**
 * Merges later totals into earlier ones, field by field. Ignores missing and null fields, and an input of zeros only,
 * which some servers send with the output.
 */
export function mergeUsage(held: WireUsage | undefined, next: unknown): WireUsage {
  const given = Object.entries(objectOf(next)).filter(([, value]) => value !== undefined && value !== null)
  if (held === undefined) return Object.fromEntries(given)
  const figures = Object.fromEntries(given)
  const empty = INPUT_FIELDS.every((field) => (numberOf(figures[field]) ?? 0) === 0)
  const kept = empty ? given.filter(([field]) => !(INPUT_FIELDS as readonly string[]).includes(field)) : given
  return { ...held, ...Object.fromEntries(kept) }
}

/** Neutral usage. The input includes cache reads, cache writes and compaction; `undefined` if the wire has none. */
export function readUsage(usage: WireUsage): Partial<Usage> | undefined {
  const input = INPUT_FIELDS.map((field) => numberOf(usage[field]))
  const output = numberOf(usage['output_tokens'])
  if (output === undefined && input.every((figure) => figure === undefined)) return undefined
  // The totals leave out the tokens of compaction. Those of an advisor are not added, because they are another model's.
  const compactions = listOf(usage['iterations'])
    .map(objectOf)
    .filter((iteration) => iteration['type'] === 'compaction')
  const extra = (field: string): number =>
    compactions.reduce((sum, iteration) => sum + (numberOf(iteration[field]) ?? 0), 0)
  const [, read, written] = input
  const known = input.some((figure) => figure !== undefined)
  const inputTokens = INPUT_FIELDS.reduce((sum, field, at) => sum + (input[at] ?? 0) + extra(field), 0)
  return {
    inputTokens: known ? inputTokens : undefined,
    outputTokens: output === undefined ? undefined : output + extra('output_tokens'),
    cachedInputTokens: read === undefined ? undefined : read + extra('cache_read_input_tokens'),
    cacheWriteTokens: written === undefined ? undefined : written + extra('cache_creation_input_tokens'),
    reasoningTokens: numberOf(objectOf(usage['output_tokens_details'])['thinking_tokens']),
  }
}
