import { listOf, numberOf, objectOf } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'

/** Usage as the wire has it: bare figures, cache reads and writes apart. */
export type WireUsage = Readonly<Record<string, unknown>>

const INPUT_FIELDS = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'] as const

/**
 * Lays later figures over earlier ones, field by field: they are totals so far. A field that is missing or null says
 * nothing; nor does an input of nothing but zeros, which some servers send with the output.
 */
export function mergeUsage(held: WireUsage | undefined, next: unknown): WireUsage {
  const said = Object.entries(objectOf(next)).filter(([, value]) => value !== undefined && value !== null)
  if (held === undefined) return Object.fromEntries(said)
  const figures = Object.fromEntries(said)
  const empty = INPUT_FIELDS.every((field) => (numberOf(figures[field]) ?? 0) === 0)
  const kept = empty ? said.filter(([field]) => !(INPUT_FIELDS as readonly string[]).includes(field)) : said
  return { ...held, ...Object.fromEntries(kept) }
}

/** Neutral usage: input with all that was read from and written to the cache, and with what compaction took. */
export function readUsage(usage: WireUsage): Partial<Usage> | undefined {
  const input = INPUT_FIELDS.map((field) => numberOf(usage[field]))
  const output = numberOf(usage['output_tokens'])
  if (output === undefined && input.every((figure) => figure === undefined)) return undefined
  // The totals leave out what summarising the conversation took; an advisor's tokens are another model's.
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
