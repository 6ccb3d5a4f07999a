import { listOf, numberOf, objectOf } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'
import { mergeFigures } from '../../core/usage.ts'

/** Usage on the wire: cache reads and writes are counted apart from the input. */
export type WireUsage = Readonly<Record<string, unknown>>

const INPUT_FIELDS = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'] as const

/**
 * Merges later totals into earlier ones. The input fields are one figure, which only grows: some servers send zeros, or a
 * part of them, with the output.
 */
export function mergeUsage(held: WireUsage | undefined, next: object): WireUsage {
  const merged = mergeFigures<WireUsage>(held, next as WireUsage)
  if (held === undefined) return merged
  const known = Object.entries(next).filter(([, value]) => value !== undefined && value !== null)
  const given = { ...held, ...Object.fromEntries(known) }
  const from = inputOf(given) < inputOf(held) ? held : given
  return { ...merged, ...Object.fromEntries(INPUT_FIELDS.map((field) => [field, from[field]])) }
}

function inputOf(usage: WireUsage): number {
  return INPUT_FIELDS.reduce((sum, field) => sum + (numberOf(usage[field]) ?? 0), 0)
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
