import { LlmError } from '../core/error.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { anyOf, callable, recordOf, text, type Group } from '../core/schema.ts'

/** Tone of the model's responses. */
export type Mode = 'helpful' | 'creative' | 'professional' | 'casual'

/** Persona, instructions and mode of one context, such as a community. */
export interface ContextPrompt {
  /** Id or name of the persona. */
  readonly persona?: string | undefined
  /** Instructions. Default: those of `community` or `general`. */
  readonly systemPrompt?: string | undefined
  /** Name of a bundled mode or of one in `modes`. */
  readonly mode?: string | undefined
}

/** The persona, instructions and mode for one call. */
export interface ResolvedContext {
  readonly contextId: string | undefined
  /** `community` if a context id was given, else `general`. */
  readonly kind: 'community' | 'general'
  readonly persona: string | undefined
  /** The instructions of the context, followed by those of the mode. */
  readonly systemPrompt: string
  readonly mode: string
}

/** Options of {@link createContextResolver}. */
export interface ContextResolverOptions {
  /** Contexts by id, or a function that returns one. An unknown context uses `community`. Default: none. */
  readonly contexts?:
    | Readonly<Record<string, ContextPrompt>>
    | ((contextId: string) => ContextPrompt | undefined | Promise<ContextPrompt | undefined>)
    | undefined
  /** Defaults of contexts. `{{context}}` in `systemPrompt` is replaced by the context id. */
  readonly community?: ContextPrompt | undefined
  /** For calls without a context id. */
  readonly general?: ContextPrompt | undefined
  /** Instructions by mode. They override and extend the bundled modes. */
  readonly modes?: Readonly<Record<string, string>> | undefined
}

/** The schema of {@link ContextPrompt}. */
export const contextPromptSchema: Group = optionsSchema<ContextPrompt>()(() => ({
  persona: text,
  systemPrompt: text,
  mode: text,
}))
/** The schema of {@link ContextResolverOptions}. */
export const contextResolverSchema: Group = optionsSchema<ContextResolverOptions>()(() => ({
  contexts: anyOf(recordOf(contextPromptSchema), callable),
  community: contextPromptSchema,
  general: contextPromptSchema,
  modes: recordOf(text),
}))

/** The instructions of the bundled modes. */
export const defaultModes: Readonly<Record<Mode, string>> = Object.freeze({
  helpful: 'Be helpful and friendly: answer the question first, then add what is useful.',
  creative: 'Be imaginative: offer unusual ideas and vivid language.',
  professional: 'Be precise and formal: give facts, name assumptions, avoid slang.',
  casual: 'Be relaxed and brief, as in a talk among friends.',
})

const COMMUNITY: ContextPrompt = Object.freeze({
  systemPrompt:
    'You are an assistant in a community. Several people may talk to you; keep to its topics and manners.',
})
const GENERAL: ContextPrompt = Object.freeze({ systemPrompt: 'You are an assistant.' })

/** Chooses persona, instructions and mode of a call by its context. */
export interface ContextResolver {
  /** Resolves a context. `mode` overrides that of the context. Rejects with `invalid-request` if the mode is unknown. */
  resolve(contextId?: string, mode?: string): Promise<ResolvedContext>
}

/** Creates a context resolver. Throws `misconfigured` if an option is invalid, or a context names an unknown mode. */
export function createContextResolver(options: ContextResolverOptions = {}): ContextResolver {
  checkOptions('createContextResolver', contextResolverSchema, options)
  const { contexts = {}, community, general } = options
  const modes = new Map(Object.entries({ ...defaultModes, ...options.modes }))
  const known = [...modes.keys()].join(', ')
  const fixed = typeof contexts === 'function' ? [] : Object.entries(contexts)
  for (const [where, { mode } = {}] of [...fixed, ['community', community], ['general', general]] as const)
    if (mode !== undefined && !modes.has(mode))
      throw new LlmError(
        'misconfigured',
        `createContextResolver: unknown mode "${mode}" in ${where}; known: ${known}. Add others in modes.`,
      )

  const find = async (contextId: string): Promise<ContextPrompt> => {
    if (typeof contexts === 'function') return (await contexts(contextId)) ?? {}
    return (Object.hasOwn(contexts, contextId) ? contexts[contextId] : undefined) ?? {}
  }
  return {
    resolve: async (contextId, mode) => {
      const isGeneral = contextId === undefined || contextId === ''
      const own = isGeneral ? {} : await find(contextId)
      const kind = isGeneral ? { ...GENERAL, ...general } : { ...COMMUNITY, ...community }
      const chosen = mode ?? own.mode ?? kind.mode ?? 'helpful'
      const tone = modes.get(chosen)
      if (tone === undefined) {
        const problem = `unknown mode "${chosen.slice(0, 40)}"; known: ${known}`
        throw new LlmError('invalid-request', problem, { issues: [{ path: 'mode', message: problem }] })
      }
      const instructions = (own.systemPrompt ?? kind.systemPrompt ?? '').replaceAll(
        '{{context}}',
        () => contextId ?? '',
      )
      return {
        contextId: isGeneral ? undefined : contextId,
        kind: isGeneral ? 'general' : 'community',
        persona: own.persona ?? kind.persona,
        systemPrompt: [instructions, tone].filter((part) => part.trim() !== '').join('\n'),
        mode: chosen,
      }
    },
  }
}
