import { systemClock, type Clock } from '../core/clock.ts'
import { clockField } from '../core/common-fields.ts'
import { LlmError } from '../core/error.ts'
import { checkOptions, optionsSchema, type Rows } from '../core/options.ts'
import type { Warning } from '../core/response.ts'
import { count, flag, orInfinity, type Group } from '../core/schema.ts'
import { compileProgram, type Program } from './compile.ts'
import { requireSource, TemplateFault, toTemplateError } from './fault.ts'
import {
  defaultTemplateLimits,
  resolveLimits,
  sameShape,
  templateLimitsSchema,
  type TemplateLimits,
} from './limits.ts'
import type { LayoutOptions } from './parse.ts'
import { type CachedProgram, ProgramCache } from './program-cache.ts'
import { flatText } from './text.ts'

/** Layout and limits of one template. */
export interface TemplateOptions extends LayoutOptions {
  /** Limits that override those of the engine. */
  readonly limits?: Partial<TemplateLimits> | undefined
}

/** The fields of {@link TemplateOptions}. */
export const templateRows = (): Rows<TemplateOptions> => ({
  limits: templateLimitsSchema,
  trimBlocks: flag,
  lstripBlocks: flag,
})
/** The schema of {@link TemplateOptions}. */
export const templateSchema: Group = optionsSchema<TemplateOptions>()(templateRows)
/** The schema of {@link RenderOptions}. */
export const renderSchema: Group = optionsSchema<RenderOptions>()(() => ({ limits: templateLimitsSchema }))

/** Limits of one rendering. */
export type RenderOptions = Pick<TemplateOptions, 'limits'>

/** A compiled template. */
export interface Template {
  readonly source: string
  /** The names that it reads from the data, which exclude those that it sets itself. */
  readonly names: readonly string[]
  /** Renders the template with plain JSON data. Throws `template-failed`, or `misconfigured` for an invalid option. */
  render(data?: unknown, options?: RenderOptions): string
}

/** Renders untrusted templates within limits. */
export interface TemplateEngine {
  /**
   * Renders a template with plain JSON data. Throws `misconfigured` for an invalid option, and otherwise `template-failed`
   * and no other error; the message contains no data.
   */
  renderTemplate(source: string, data?: unknown, options?: TemplateOptions): string
  /**
   * Compiles a template and caches it by source. Throws `template-failed` if the template is invalid, and `misconfigured`
   * for an invalid option.
   */
  compileTemplate(source: string, options?: TemplateOptions): Template
}

/** Options of a template engine. */
export interface TemplateEngineOptions extends TemplateOptions {
  /** Maximum size of the cache in syntax nodes, at about 200 bytes each. Default 100 000; 0 turns the cache off, `Infinity` its limit. */
  readonly cachedNodes?: number | undefined
  readonly clock?: Clock | undefined
}

/** The schema of {@link TemplateEngineOptions}. */
export const templateEngineSchema: Group = optionsSchema<TemplateEngineOptions>()(() => ({
  ...templateRows(),
  cachedNodes: orInfinity(count),
  clock: clockField,
}))

const CACHED_NODES = 100_000

/**
 * Creates a template engine with its own cache. It needs no closing. Throws `misconfigured` if an option is unknown or
 * invalid.
 */
export function createTemplateEngine(options: TemplateEngineOptions = {}): TemplateEngine {
  checkOptions('createTemplateEngine', templateEngineSchema, options)
  const { clock = systemClock, cachedNodes = CACHED_NODES, limits, trimBlocks, lstripBlocks } = options
  const base = resolveLimits(defaultTemplateLimits, limits)
  const cache = new ProgramCache(cachedNodes)
  const exhausted = toTemplateError(new RangeError('no stack'), 0)

  const limitsOf = (where: string, given: TemplateOptions | undefined): TemplateLimits => {
    if (given === undefined) return base
    checkOptions(where, templateSchema, given)
    return resolveLimits(base, given.limits)
  }

  const load = (source: string, now: TemplateLimits, given: TemplateOptions | undefined): Program => {
    requireSource(source)
    const layout = {
      trimBlocks: given?.trimBlocks ?? trimBlocks ?? false,
      lstripBlocks: given?.lstripBlocks ?? lstripBlocks ?? false,
    }
    // A source that is too long is refused before the cache hashes it.
    const found = source.length > now.maxSourceChars ? undefined : cache.get(source)
    if (found !== undefined && sameLayout(found.layout, layout) && sameShape(found.limits, now))
      return programOf(found.outcome)
    return compileInto(cache, source, { limits: now, layout })
  }

  return {
    renderTemplate: (source, data, given) => {
      const now = limitsOf('renderTemplate', given)
      try {
        return load(source, now, given).run(data, now, clock)
      } catch (error) {
        // If the call stack overflows, no error can be created: the prepared one is thrown.
        let failure = exhausted
        try {
          failure = toTemplateError(error, 0)
        } catch {
          failure = exhausted
        }
        throw failure
      }
    },
    compileTemplate: (source, given) => {
      const made = limitsOf('compileTemplate', given)
      const program = withTemplateErrors(() => load(source, made, given))
      return {
        source,
        names: program.reads,
        render: (data, own) => {
          if (own !== undefined) checkOptions('Template.render', renderSchema, own)
          return withTemplateErrors(() => program.run(data, resolveLimits(made, own?.limits), clock))
        },
      }
    },
  }
}

function withTemplateErrors<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw toTemplateError(error, 0)
  }
}

function programOf(outcome: Program | TemplateFault): Program {
  if (outcome instanceof TemplateFault) throw outcome
  return outcome
}

function sameLayout(made: LayoutOptions, now: LayoutOptions): boolean {
  return made.trimBlocks === now.trimBlocks && made.lstripBlocks === now.lstripBlocks
}

/** Compiles a source and caches the outcome, also a fault, so that an invalid template fails at once the next time. */
function compileInto(
  cache: ProgramCache,
  source: string,
  { limits, layout }: Pick<CachedProgram, 'limits' | 'layout'>,
): Program {
  let outcome: Program | TemplateFault
  try {
    outcome = compileProgram(source, limits, layout)
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error
    outcome = error
  }
  // A copy, because the source may be a slice that keeps a much larger string in memory.
  if (source.length <= limits.maxSourceChars) cache.set(flatText(source), { outcome, limits, layout })
  return programOf(outcome)
}

/** A rendered text with warnings. */
export interface AppliedTemplate {
  readonly text: string
  readonly warnings: readonly Warning[]
}

/**
 * Renders a template, or returns its source with a warning if rendering fails. Missing data gives empty text. Never
 * throws, so that a chat can go on.
 */
export function applyTemplateWith(
  engine: TemplateEngine,
  source: string,
  data?: unknown,
  options?: TemplateOptions,
): AppliedTemplate {
  try {
    return { text: engine.renderTemplate(source, data, options), warnings: [] }
  } catch (error) {
    const reason = LlmError.is(error) ? error.message : 'rendering failed'
    const message = `The template was returned without rendering. ${reason}`
    return { text: typeof source === 'string' ? source : '', warnings: [{ type: 'other', message }] }
  }
}
