import { LlmError } from '../core/error.ts'

/** How the model should come across. */
export type Mode = 'helpful' | 'creative' | 'professional' | 'casual'

/** What one context, such as a community, wants. */
export interface ContextPrompt {
  /** Id or name of a persona. */
  readonly persona?: string | undefined
  /** In place of the text for its kind of context. */
  readonly systemPrompt?: string | undefined
  /** One of the modes, ours or the host's. */
  readonly mode?: string | undefined
}

/** What to say in a context. */
export interface ResolvedContext {
  readonly contextId: string | undefined
  /** `community` where a context was named, `general` where none was. */
  readonly kind: 'community' | 'general'
  readonly persona: string | undefined
  /** The text of the context, then that of its mode. */
  readonly systemPrompt: string
  readonly mode: string
}

export interface ContextResolverOptions {
  /** By context id, or a function that looks one up. A context that is not there takes the text for communities. */
  readonly contexts?:
    | Readonly<Record<string, ContextPrompt>>
    | ((contextId: string) => ContextPrompt | undefined | Promise<ContextPrompt | undefined>)
    | undefined
  /** For a context that says nothing of its own; `{{context}}` in its text is the context's id. */
  readonly community?: ContextPrompt | undefined
  /** For calls outside of any context. */
  readonly general?: ContextPrompt | undefined
  /** Texts of modes, laid over those that come along. */
  readonly modes?: Readonly<Record<string, string>> | undefined
}

/** The texts of the modes that come along. */
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

/** Chooses persona and instructions per call, by the context that the call comes from. */
export interface ContextResolver {
  /** `mode`, where given, counts more than the context's own. Rejects with `invalid-request` for a mode that there is none of. */
  resolve(contextId?: string, mode?: string): Promise<ResolvedContext>
}

/** Makes a resolver. Throws `misconfigured` where a context names a mode that there is none of. */
export function createContextResolver(options: ContextResolverOptions = {}): ContextResolver {
  const { contexts = {}, community, general } = options
  const modes = new Map(Object.entries({ ...defaultModes, ...options.modes }))
  const known = [...modes.keys()].join(', ')
  const fixed = typeof contexts === 'function' ? [] : Object.entries(contexts)
  for (const [where, { mode } = {}] of [...fixed, ['community', community], ['general', general]] as const)
    if (mode !== undefined && !modes.has(mode))
      throw new LlmError(
        'misconfigured',
        `createContextResolver: ${where} names the mode "${mode}"; known: ${known}`,
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
        const issues = [{ path: 'mode', message: `is none of ${known}` }]
        throw new LlmError('invalid-request', `there is no such mode; known: ${known}`, { issues })
      }
      const text = (own.systemPrompt ?? kind.systemPrompt ?? '').replaceAll(
        '{{context}}',
        () => contextId ?? '',
      )
      return {
        contextId: isGeneral ? undefined : contextId,
        kind: isGeneral ? 'general' : 'community',
        persona: own.persona ?? kind.persona,
        systemPrompt: [text, tone].filter((part) => part.trim() !== '').join('\n'),
        mode: chosen,
      }
    },
  }
}
