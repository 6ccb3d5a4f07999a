import { LlmError } from '../../core/error.ts'
import { numberOf, objectOf } from '../../core/json.ts'
import type { ModerationApi, ModerationResult } from '../../core/moderation.ts'

/** Creates the moderation format. `defaultModel`: the vendor's own. */
export function moderationApi(defaultModel: string): ModerationApi {
  return {
    endpoint: '/moderations',
    defaultModel,
    render: (model, inputs) => ({ model, input: inputs }),
    parse: (reply) => {
      const { results } = reply
      if (!Array.isArray(results))
        throw new LlmError(
          'reply-malformed',
          'the moderation reply holds no results: check baseUrl and model',
        )
      return results.map(readResult)
    },
  }
}

function readResult(item: unknown): ModerationResult {
  const { flagged, categories, category_scores: scored } = objectOf(item)
  const found = Object.entries(objectOf(categories)).map(([name, value]) => [name, value === true] as const)
  const scores = Object.entries(objectOf(scored)).flatMap(([name, value]) =>
    numberOf(value) === undefined ? [] : [[name, Number(value)] as const],
  )
  // Some vendors send no verdict. Any category found is one.
  const verdict = typeof flagged === 'boolean' ? flagged : found.some(([, value]) => value)
  return { flagged: verdict, categories: Object.fromEntries(found), scores: Object.fromEntries(scores) }
}
