import type { ModelInfo } from '../../core/model-list.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { jsonResponse, type GuardedRequest } from './guards/index.ts'

/** Serves `/v1/models` and `/v1/models/{id}` with the fields of OpenAI's and Anthropic's formats together. */
export function serveModels(
  { names }: EndpointContext,
  { access }: GuardedRequest,
  id: string | undefined,
): Response {
  if (id !== undefined) return jsonResponse(render(names.get(id, access)))
  const data = names.list(access).map(render)
  const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: false }
  return jsonResponse({ object: 'list', data, ...ends })
}

interface RenderedModel {
  readonly id: string
}

function render({ id, name, created = 0, ownedBy, contextWindow, maxOutput }: ModelInfo): RenderedModel {
  const described = {
    id,
    object: 'model',
    created,
    owned_by: ownedBy ?? 'host',
    type: 'model',
    display_name: name ?? id,
    created_at: new Date(created * 1000).toISOString(),
    context_window: contextWindow,
    max_output_tokens: maxOutput,
  }
  return described
}
