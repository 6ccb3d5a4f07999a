import { listOf, numberOf, objectOf, textOf } from '../core/json.ts'
import type { TokenLogprob } from '../core/response.ts'

/** Reads the log probability of one token, with those of its alternatives if the wire has any. */
export function readLogprob(value: unknown): TokenLogprob {
  const { token, logprob, top_logprobs: top } = objectOf(value)
  const own = { token: textOf(token) ?? '', logprob: numberOf(logprob) ?? 0 }
  const others = listOf(top)
  return others.length === 0 ? own : { ...own, top: others.map((other) => readLogprob(other)) }
}
