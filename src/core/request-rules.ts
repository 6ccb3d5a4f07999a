/** What a number may be. */
export interface NumberRule {
  readonly whole?: boolean | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/** The number settings of a request, and what each may be. */
export const NUMBER_RULES: Readonly<Record<string, NumberRule>> = {
  maxTokens: { whole: true, min: 1 },
  temperature: { min: 0, max: 2 },
  topP: { min: 0, max: 1 },
  topK: { whole: true, min: 0 },
  minP: { min: 0, max: 1 },
  seed: { whole: true },
  frequencyPenalty: { min: -2, max: 2 },
  presencePenalty: { min: -2, max: 2 },
  repetitionPenalty: { min: 0 },
  n: { whole: true, min: 1, max: 128 },
}

/** What a base URL looks like. */
export const BASE_URL: RegExp = /^https?:\/\/\S+$/

/** True for an `AbortSignal`. By shape: one of another realm, or of a test environment, is one too. */
export function isSignal(value: unknown): boolean {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}
