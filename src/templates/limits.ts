import { optionsSchema } from '../core/options.ts'
import { count, milliseconds, orInfinity, type Field, type Group } from '../core/schema.ts'

/**
 * Limits of one template and its rendering; `Infinity` turns one off. Raise a limit only for templates and data that you
 * trust.
 */
export interface TemplateLimits {
  /** Maximum length of a template, in characters. Default 65 536. */
  readonly maxSourceChars: number
  /** Maximum number of tokens of a template. Default 20 000. */
  readonly maxTokens: number
  /** Maximum number of nodes of its syntax tree. Default 20 000. */
  readonly maxNodes: number
  /** Maximum nesting of brackets, blocks and operators. Default 120. */
  readonly maxNesting: number
  /** Maximum number of values in the data that the template reads. Lists and objects count too. Default 200 000. */
  readonly maxDataNodes: number
  /** Maximum nesting of the data. Default 64. */
  readonly maxDataDepth: number
  /** Maximum number of steps: iterations, lookups, calls, operators, and items that filters read. Default 1 000 000. */
  readonly maxSteps: number
  /** Maximum time of one rendering in ms, in addition to `maxSteps`. Default 300. */
  readonly deadlineMs: number
  /** Maximum number of characters that filters and operators read or produce in total. Default 16 777 216. */
  readonly maxTextChars: number
  /** Maximum length of one text that the template produces, in characters. Default 4 194 304. */
  readonly maxStringChars: number
  /** Maximum length of the input of a filter, in characters. Default 1 048 576. */
  readonly maxFilterChars: number
  /** Maximum number of characters written, captures included. Default 4 194 304. */
  readonly maxOutputChars: number
  /** Maximum depth of nested macro calls. Default 40. */
  readonly maxMacroDepth: number
  /** Maximum number of values of one `range()`. Default 100 000. */
  readonly maxRange: number
  /** Maximum length of a field name, in characters. Default 512. */
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

// `Infinity` turns a limit off.
const limit: Field = /* @__PURE__ */ orInfinity(count)
/** The schema of {@link TemplateLimits}. */
export const templateLimitsSchema: Group = optionsSchema<Partial<TemplateLimits>>()(() => ({
  maxSourceChars: limit,
  maxTokens: limit,
  maxNodes: limit,
  maxNesting: limit,
  maxDataNodes: limit,
  maxDataDepth: limit,
  maxSteps: limit,
  deadlineMs: milliseconds,
  maxTextChars: limit,
  maxStringChars: limit,
  maxFilterChars: limit,
  maxOutputChars: limit,
  maxMacroDepth: limit,
  maxRange: limit,
  maxKeyChars: limit,
}))

/** Merges checked limits into `base`. */
export function resolveLimits(
  base: TemplateLimits,
  given: Partial<TemplateLimits> | undefined,
): TemplateLimits {
  if (given === undefined) return base
  const limits: Record<string, number> = { ...base }
  for (const name of Object.keys(templateLimitsSchema.fields())) {
    const value = Object.hasOwn(given, name) ? given[name as keyof TemplateLimits] : undefined
    // Infinity would not survive serialization on the way to a process of the pool.
    if (value !== undefined) limits[name] = Math.min(value, Number.MAX_SAFE_INTEGER)
  }
  return limits as unknown as TemplateLimits
}

/** Whether compiling under `now` gives the same result as under `made`: a program or a fault. */
export function sameShape(made: TemplateLimits, now: TemplateLimits): boolean {
  return (
    made === now ||
    (made.maxSourceChars === now.maxSourceChars &&
      made.maxTokens === now.maxTokens &&
      made.maxNodes === now.maxNodes &&
      made.maxNesting === now.maxNesting)
  )
}
