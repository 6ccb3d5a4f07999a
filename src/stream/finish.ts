import type { Fault } from '../core/dialect.ts'
import type { FinishReason } from '../core/response.ts'

/** Why one answer ended. */
export interface Ending {
  readonly finishReason: FinishReason
  readonly rawFinishReason: string | undefined
}

// Words of other vendors' stop reasons, which gateways pass on. The first match decides.
const WORDS: readonly (readonly [RegExp, FinishReason])[] = [
  [/malformed|unexpected_tool|too_many_tool|missing_thought|error/, 'error'],
  [
    /filter|safety|prohibited|blocklist|recitation|refusal|guardrail|jailbreak|spii|armor|escalation|pup_limited/,
    'content-filter',
  ],
  [/^max_.*tokens$|^model_context_window/, 'length'],
]

/** The neutral reason of a wire's stop reason. Some servers write it in capitals, or with details after a colon. */
export function neutralReason(known: Readonly<Record<string, FinishReason>>, raw: string): FinishReason {
  const word = Object.hasOwn(known, raw) ? raw : raw.replace(/:.*$/s, '').toLowerCase()
  if (Object.hasOwn(known, word)) return known[word] ?? 'other'
  return WORDS.find(([pattern]) => pattern.test(word))?.[1] ?? 'other'
}

// The model's own mistake, such as a call that cannot be parsed.
const MISTAKE = /malformed|unexpected|too_many|missing/i

/**
 * The fault of a reply without content. `undefined`: its stop reason says that nothing is wrong. `why` is the provider's
 * explanation.
 */
export function withoutAnswer(
  endings: readonly (Ending | undefined)[],
  why: string | undefined,
): Fault | undefined {
  const raw = endings.find((ending) => ending?.rawFinishReason !== undefined)?.rawFinishReason
  if (raw === undefined)
    return {
      kind: 'reply-malformed',
      message: 'the reply holds neither content nor a finish reason: try again',
    }
  if (endings.some((ending) => ending !== undefined && ending.finishReason !== 'error')) return undefined
  const message = `the model stopped with "${raw}" before any content${why === undefined ? '' : `: ${why}`}`
  return { kind: MISTAKE.test(raw) ? 'reply-malformed' : 'server-failed', message, code: raw }
}
