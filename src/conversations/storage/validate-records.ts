import { LlmError } from '../../core/error.ts'
import type { Usage } from '../../core/response.ts'

const MAX_ID_LENGTH = 200
// Not every database can hold these in a key.
const UNFIT: RegExp = /[\p{Cc}\p{Cs}]/u

/** Refuses what is no id: a text of 1 to 200 characters without control characters. */
export function checkId(value: unknown, path: string): void {
  const fits =
    typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH && !UNFIT.test(value)
  if (!fits) refuse(path, `takes a text of 1 to ${MAX_ID_LENGTH} characters without control characters`)
}

/** The same for several, each of which may be left out. */
export function checkOptionalIds(ids: Readonly<Record<string, unknown>>): void {
  for (const [path, value] of Object.entries(ids)) if (value !== undefined) checkId(value, path)
}

/** Refuses what is neither left out nor text. */
export function checkText(value: unknown, path: string): void {
  if (value !== undefined && typeof value !== 'string') refuse(path, 'takes a text')
}

/** Refuses what is none of the words. */
export function checkWord(value: unknown, words: readonly string[], path: string): void {
  if (!words.includes(value as string)) refuse(path, `takes one of ${words.join(', ')}`)
}

/** Refuses a rating that is not left out, `null`, or a whole number from 1 to 5. */
export function checkRating(value: unknown): void {
  const fits = Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 5
  if (value !== undefined && value !== null && !fits) refuse('rating', 'takes a whole number from 1 to 5')
}

/** Refuses what is neither left out nor a finite number. */
export function checkNumber(value: unknown, path: string): void {
  if (value !== undefined && !Number.isFinite(value)) refuse(path, 'takes a number')
}

/** Refuses what is no time in milliseconds since 1970. */
export function checkTime(value: unknown, path: string): void {
  if (value !== undefined && !Number.isSafeInteger(value)) refuse(path, 'takes milliseconds since 1970')
}

/** Refuses usage without its three figures, and figures that cannot be summed. */
export function checkUsage(usage: Usage | undefined): void {
  if (usage === undefined) return
  const { inputTokens, outputTokens, totalTokens, cachedInputTokens = 0, reasoningTokens = 0 } = usage
  for (const figure of [inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens])
    if (!isAmount(figure)) refuse('usage', 'takes token counts, which are numbers from 0')
}

/** Refuses a cost that is not left out, `null`, or a number from 0. */
export function checkCost(costUsd: unknown): void {
  if (costUsd !== undefined && costUsd !== null && !isAmount(costUsd))
    refuse('costUsd', 'takes a number from 0, or null where the cost is not known')
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `the record is not valid: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
