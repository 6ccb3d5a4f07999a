import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import type { Warning } from '../core/response.ts'
import { compileProgram, type Program } from './compile.ts'
import { requireSource, TemplateFault, toTemplateError } from './fault.ts'
import { defaultTemplateLimits, resolveLimits, sameShape, type TemplateLimits } from './limits.ts'
import type { LayoutOptions } from './parse.ts'
import { type CachedProgram, ProgramCache } from './program-cache.ts'
import { flatText } from './text.ts'

/** Layout and limits of one template. */
export interface TemplateOptions extends LayoutOptions {
  /** Limits that override those of the engine. */
  readonly limits?: Partial<TemplateLimits> | undefined
}

/** A compiled template. */
export interface Template {
  readonly source: string
  /** The names that it reads from the data, which exclude those that it sets itself. */
  readonly names: readonly string[]
  /** Renders the template with plain JSON data. Throws `template-failed`. */
  render(data?: unknown, options?: Pick<TemplateOptions, 'limits'>): string
}

/** Renders untrusted templates within limits. */
export interface TemplateEngine {
  /** Renders a template with plain JSON data. Throws `template-failed` and no other error; the message contains no data. */
  renderTemplate(source: string, data?: unknown, options?: TemplateOptions): string
  /** Compiles a template and caches it by source. Throws `template-failed` if the template is invalid. */
  compileTemplate(source: string, options?: TemplateOptions): Template
}

/** Options of a template engine. */
export interface TemplateEngineOptions extends TemplateOptions {
  /** Maximum size of the cache in syntax nodes, at about 200 bytes each. Default 100 000; 0 turns the cache off. */
  readonly cachedNodes?: number | undefined
  readonly clock?: Clock | undefined
}

const CACHED_NODES = 100_000

/**
 * Creates a template engine with its own cache. It needs no closing. Throws `template-failed` if a limit is not a
 * number of at least 0.
 */
export function createTemplateEngine(options: TemplateEngineOptions = {}): TemplateEngine {
  const { clock = systemClock, cachedNodes = CACHED_NODES, limits, trimBlocks, lstripBlocks } = options
  const base = withTemplateErrors(() => resolveLimits(defaultTemplateLimits, limits, refuse))
  const cache = new ProgramCache(cachedNodes)
  const exhausted = toTemplateError(new RangeError('no stack'), 0)

  const limitsOf = (given: TemplateOptions | undefined): TemplateLimits =>
    given?.limits === undefined ? base : resolveLimits(base, given.limits, refuse)

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
      try {
        const now = limitsOf(given)
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
    compileTemplate: (source, given) =>
      withTemplateErrors(() => {
        const made = limitsOf(given)
        const program = load(source, made, given)
        return {
          source,
          names: program.reads,
          render: (data, own) =>
            withTemplateErrors(() => {
              const now = own?.limits === undefined ? made : resolveLimits(made, own.limits, refuse)
              return program.run(data, now, clock)
            }),
        }
      }),
  }
}

function refuse(reason: string): never {
  throw new TemplateFault(reason, 0)
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
