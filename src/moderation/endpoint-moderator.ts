import type { ModerateResponse } from '../core/moderation.ts'
import type { ModerateRequest } from '../core/request.ts'
import type { ModerationAction, ModerationFinding, Moderator } from './moderator.ts'

export interface EndpointModeratorOptions {
  /** How the endpoint is asked: `(request) => orchestrator.moderate(request)`. */
  readonly moderate: (request: ModerateRequest) => Promise<ModerateResponse>
  /** For example `openai` or `mistral`. */
  readonly provider: string
  /** Default: the provider's. */
  readonly model?: string | undefined
  /** By category, or for all: from which score on it counts, in place of the vendor's own judgement. */
  readonly thresholds?: number | Readonly<Record<string, number>> | undefined
  /** Default: what the policy says. */
  readonly action?: ModerationAction | undefined
  /** Longest piece that is sent as one input; a longer text is cut at spaces. Default 8 000. */
  readonly maxCharacters?: number | undefined
  /** Default: the provider. */
  readonly name?: string | undefined
}

/** Judges by a provider's moderation endpoint. Categories are the vendor's; a finding is the whole text. */
export function createEndpointModerator(options: EndpointModeratorOptions): Moderator {
  const { moderate, provider, model, thresholds, action, maxCharacters = 8_000 } = options
  return {
    name: options.name ?? provider,
    moderate: async (text, { requestId, signal }) => {
      const input = cut(text, maxCharacters)
      if (input.length === 0) return []
      const { results } = await moderate({ provider, model, input, signal, requestId })
      const found = new Set<string>()
      let flagged = false
      for (const { categories, scores, flagged: isFlagged } of results) {
        const names = Object.keys({ ...categories, ...scores })
        for (const name of names)
          if (reaches(scores[name], limitOf(thresholds, name)) ?? categories[name] === true) found.add(name)
        if (isFlagged && thresholds === undefined) flagged = true
      }
      return flagged || found.size > 0
        ? [{ categories: [...found].toSorted(), action } satisfies ModerationFinding]
        : []
    },
  }
}

function limitOf(thresholds: EndpointModeratorOptions['thresholds'], name: string): number | undefined {
  return typeof thresholds === 'number' ? thresholds : thresholds?.[name]
}

function reaches(score: number | undefined, limit: number | undefined): boolean | undefined {
  return limit === undefined || score === undefined ? undefined : score >= limit
}

function cut(text: string, maxCharacters: number): string[] {
  const pieces: string[] = []
  for (let rest = text; rest.trim() !== '';) {
    const space = rest.length > maxCharacters ? rest.lastIndexOf(' ', maxCharacters) : -1
    const end = rest.length <= maxCharacters ? rest.length : space > maxCharacters / 2 ? space : maxCharacters
    pieces.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
  return pieces
}
