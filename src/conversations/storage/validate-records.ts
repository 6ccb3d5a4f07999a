import { LlmError } from '../../core/error.ts'
import type { Usage } from '../../core/response.ts'

const MAX_ID_LENGTH = 200
// Some databases cannot store these characters in a key.
const UNSTORABLE: RegExp = /[\p{Cc}\p{Cs}]/u

/** Throws `invalid-request` unless the value is a string of 1 to 200 characters without control characters. */
export function checkId(value: unknown, path: string): void {
  const fits =
    typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH && !UNSTORABLE.test(value)
  if (!fits) refuse(path, `takes a string of 1 to ${MAX_ID_LENGTH} characters without control characters`)
}

/** Checks every value that is not `undefined` like {@link checkId}. */
export function checkOptionalIds(ids: Readonly<Record<string, unknown>>): void {
  for (const [path, value] of Object.entries(ids)) if (value !== undefined) checkId(value, path)
}

/** Throws `invalid-request` unless the value is a string or `undefined`. */
export function checkText(value: unknown, path: string): void {
  if (value !== undefined && typeof value !== 'string') refuse(path, 'takes a string')
}

/** Throws `invalid-request` unless the value is one of `names`. */
export function checkEnum(value: unknown, names: readonly string[], path: string): void {
  if (!names.includes(value as string)) refuse(path, `takes one of ${names.join(', ')}`)
}

/** Throws `invalid-request` unless the value is a whole number from 1 to 5, `null` or `undefined`. */
export function checkRating(value: unknown): void {
  const fits = Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 5
  if (value !== undefined && value !== null && !fits) refuse('rating', 'takes a whole number from 1 to 5')
}

/** Throws `invalid-request` unless the value is a finite number or `undefined`. */
export function checkNumber(value: unknown, path: string): void {
  if (value !== undefined && !Number.isFinite(value)) refuse(path, 'takes a finite number')
}

/** Throws `invalid-request` unless the value is a time in whole milliseconds since 1970, or `undefined`. */
export function checkTime(value: unknown, path: string): void {
  if (value !== undefined && !Number.isSafeInteger(value)) refuse(path, 'takes whole milliseconds since 1970')
}

/** Throws `invalid-request` if a token count is missing, negative or not finite. */
export function checkUsage(usage: Usage | undefined): void {
  if (usage === undefined) return
  const { inputTokens, outputTokens, totalTokens, cachedInputTokens = 0, reasoningTokens = 0 } = usage
  for (const figure of [inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens])
    if (!isAmount(figure)) refuse('usage', 'takes token counts: finite numbers from 0')
}

/** Throws `invalid-request` unless the cost is a finite number from 0, `null` or `undefined`. */
export function checkCost(costUsd: unknown): void {
  if (costUsd !== undefined && costUsd !== null && !isAmount(costUsd))
    refuse('costUsd', 'takes a finite number from 0, or null if the cost is unknown')
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `invalid record: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
