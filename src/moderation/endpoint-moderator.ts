import type { ModerateResponse } from '../core/moderation.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import type { ModerateRequest } from '../core/request.ts'
import {
  anyOf,
  callable,
  nonEmptyText,
  number,
  positiveCount,
  recordOf,
  required,
  text as textField,
  type Group,
} from '../core/schema.ts'
import { actionField } from './moderation-fields.ts'
import type { ModerationAction, ModerationFinding, Moderator } from './moderator.ts'

/** Options of {@link createEndpointModerator}. */
export interface EndpointModeratorOptions {
  /** Calls the endpoint: `(request) => orchestrator.moderate(request)`. */
  readonly moderate: (request: ModerateRequest) => Promise<ModerateResponse>
  /** Provider of the endpoint, such as `openai` or `mistral`. */
  readonly provider: string
  /** Moderation model. Default: the provider's default. */
  readonly model?: string | undefined
  /** Minimum score of a finding, for all categories or by category. Default: the vendor's own decision. */
  readonly thresholds?: number | Readonly<Record<string, number>> | undefined
  /** Action for a finding. Default: the action of the policy. */
  readonly action?: ModerationAction | undefined
  /** Maximum length of one input, in UTF-16 units. A longer text is split at spaces. Default 8 000. */
  readonly maxCharacters?: number | undefined
  /** Name in events and errors. Default: the provider. */
  readonly name?: string | undefined
}

const threshold = number({ min: 0 })
/** The schema of {@link EndpointModeratorOptions}. */
export const endpointModeratorSchema: Group = optionsSchema<EndpointModeratorOptions>()(() => ({
  moderate: required(callable),
  provider: required(nonEmptyText),
  model: textField,
  thresholds: anyOf(threshold, recordOf(threshold)),
  action: actionField,
  maxCharacters: positiveCount,
  name: textField,
}))

/** Creates a moderator over a provider's moderation endpoint. Uses the vendor's categories; a finding spans the whole text. */
export function createEndpointModerator(options: EndpointModeratorOptions): Moderator {
  checkOptions('createEndpointModerator', endpointModeratorSchema, options)
  const { moderate, provider, model, thresholds, action, maxCharacters = 8_000 } = options
  return {
    name: options.name ?? provider,
    moderate: async (text, { requestId, signal, parent }) => {
      const input = cut(text, maxCharacters)
      if (input.length === 0) return []
      const { results } = await moderate({ provider, model, input, signal, requestId, parent })
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
