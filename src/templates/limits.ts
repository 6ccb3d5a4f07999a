/** What a template may cost. Lower them freely; raise one only for templates and data that you trust. */
export interface TemplateLimits {
  /** Length of a template, in characters. Default 65 536. */
  readonly maxSourceChars: number
  /** Words of a template. Default 20 000. */
  readonly maxTokens: number
  /** Nodes of its syntax tree. Default 20 000. */
  readonly maxNodes: number
  /** Nesting of brackets, blocks and operators. Default 120. */
  readonly maxNesting: number
  /** Values in the data that the template reads: lists and objects count too. Default 200 000. */
  readonly maxDataNodes: number
  /** Nesting of the data. Default 64. */
  readonly maxDataDepth: number
  /** Loop turns, lookups, calls, operators, and items that filters look at. Default 1 000 000. */
  readonly maxSteps: number
  /** Longest rendering, in milliseconds: the backstop behind `maxSteps`. Default 300. */
  readonly deadlineMs: number
  /** Characters that filters and operators read or make. Default 16 777 216. */
  readonly maxTextChars: number
  /** Length of any one text made by the template. Default 4 194 304. */
  readonly maxStringChars: number
  /** Length of a text that goes into a filter. Default 1 048 576. */
  readonly maxFilterChars: number
  /** Characters written, into captures too. Default 4 194 304. */
  readonly maxOutputChars: number
  /** Macros that are called inside one another. Default 40. */
  readonly maxMacroDepth: number
  /** Numbers of one `range()`. Default 100 000. */
  readonly maxRange: number
  /** Length of a text that names a field. Default 512. */
  readonly maxKeyChars: number
}

export const defaultTemplateLimits: TemplateLimits = Object.freeze({
  maxSourceChars: 65_536,
  maxTokens: 20_000,
  maxNodes: 20_000,
  maxNesting: 120,
  maxDataNodes: 200_000,
  maxDataDepth: 64,
  maxSteps: 1_000_000,
  deadlineMs: 300,
  maxTextChars: 16_777_216,
  maxStringChars: 4_194_304,
  maxFilterChars: 1_048_576,
  maxOutputChars: 4_194_304,
  maxMacroDepth: 40,
  maxRange: 100_000,
  maxKeyChars: 512,
})

const NAMES: readonly (keyof TemplateLimits)[] = [
  'maxSourceChars',
  'maxTokens',
  'maxNodes',
  'maxNesting',
  'maxDataNodes',
  'maxDataDepth',
  'maxSteps',
  'deadlineMs',
  'maxTextChars',
  'maxStringChars',
  'maxFilterChars',
  'maxOutputChars',
  'maxMacroDepth',
  'maxRange',
  'maxKeyChars',
]

/** Lays `given` over `base`. `refuse` is told of a limit that is no number of at least 0. */
export function resolveLimits(
  base: TemplateLimits,
  given: Partial<TemplateLimits> | undefined,
  refuse: (reason: string) => never,
): TemplateLimits {
  if (given === undefined) return base
  const limits: Record<keyof TemplateLimits, number> = { ...base }
  for (const name of NAMES) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value >= 0))
      refuse(`the option limits.${name} must be a number of 0 or more`)
    // So that infinity survives the way into another process.
    limits[name] = Math.min(value, Number.MAX_SAFE_INTEGER)
  }
  return limits
}

/** True where a template that was accepted, or refused, under `made` is so under `now` as well. */
export function sameShape(made: TemplateLimits, now: TemplateLimits): boolean {
  return (
    made === now ||
    (made.maxSourceChars === now.maxSourceChars &&
      made.maxTokens === now.maxTokens &&
      made.maxNodes === now.maxNodes &&
      made.maxNesting === now.maxNesting)
  )
}
