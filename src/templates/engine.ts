import { systemClock, type Clock } from '../core/clock.ts'
import { compileProgram, type Program } from './compile.ts'
import { TemplateFault, toTemplateError } from './fault.ts'
import { flatText } from './flat-text.ts'
import { defaultTemplateLimits, resolveLimits, sameShape, type TemplateLimits } from './limits.ts'
import type { LayoutOptions } from './parse.ts'
import { type CachedProgram, ProgramCache } from './program-cache.ts'

/** How one template is read and what it may cost. */
export interface TemplateOptions extends LayoutOptions {
  /** What it may cost, laid over the limits of the engine. */
  readonly limits?: Partial<TemplateLimits> | undefined
}

/** A compiled template. */
export interface Template {
  readonly source: string
  /** The names it asks the data for: those it does not set itself. */
  readonly names: readonly string[]
  /** Renders it with plain JSON data. Throws `template-failed`. */
  render(data?: unknown, options?: Pick<TemplateOptions, 'limits'>): string
}

/** Renders templates that may have been written by strangers, within limits. */
export interface TemplateEngine {
  /** Renders a template with plain JSON data. Throws `template-failed` and nothing else; the message holds no data. */
  renderTemplate(source: string, data?: unknown, options?: TemplateOptions): string
  /** Compiles a template; the same source is compiled once. Throws `template-failed`. */
  compileTemplate(source: string, options?: TemplateOptions): Template
}

/** Settings of an engine. */
export interface TemplateEngineOptions extends TemplateOptions {
  /** How many nodes of syntax trees are kept compiled, at about 200 bytes each. Default 100 000; 0 keeps none. */
  readonly cachedNodes?: number | undefined
  readonly clock?: Clock | undefined
}

const CACHED_NODES = 100_000

/** Makes an engine with a cache of its own; there is nothing to close. Throws `template-failed` for limits that are none. */
export function createTemplateEngine(options: TemplateEngineOptions = {}): TemplateEngine {
  const { clock = systemClock, cachedNodes = CACHED_NODES, limits, trimBlocks, lstripBlocks } = options
  const base = guarded(() => resolveLimits(defaultTemplateLimits, limits, refuse))
  const cache = new ProgramCache(cachedNodes)
  const exhausted = toTemplateError(new RangeError('no stack'), 0)

  const limitsOf = (given: TemplateOptions | undefined): TemplateLimits =>
    given?.limits === undefined ? base : resolveLimits(base, given.limits, refuse)

  const load = (source: string, now: TemplateLimits, given: TemplateOptions | undefined): Program => {
    if (typeof source !== 'string') throw new TemplateFault('it must be a text', 0)
    const layout = {
      trimBlocks: given?.trimBlocks ?? trimBlocks ?? false,
      lstripBlocks: given?.lstripBlocks ?? lstripBlocks ?? false,
    }
    // A source that is too long is refused before it is hashed.
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
        // Where the stack is used up, not even an error can be made: then the one from before is thrown.
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
      guarded(() => {
        const made = limitsOf(given)
        const program = load(source, made, given)
        return {
          source,
          names: program.reads,
          render: (data, own) =>
            guarded(() => {
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

function guarded<T>(action: () => T): T {
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

/** Compiles, and remembers what came of it: a refused template is refused at once the next time. */
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
  // A copy of the source: it may be a part of something much larger.
  if (source.length <= limits.maxSourceChars) cache.set(flatText(source), { outcome, limits, layout })
  return programOf(outcome)
}
