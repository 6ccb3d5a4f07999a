import { listOf, objectOf, textOf } from '../../core/json.ts'
import type { ModelInfo, ModelListApi } from '../../core/model-list.ts'

/** The model list, newest first, in pages of the maximum size. */
export const modelList: ModelListApi = {
  endpoint: '/models?limit=1000',
  parse: (reply) => {
    const { data, has_more: more, last_id: last } = objectOf(reply)
    const cursor = more === true ? textOf(last) : undefined
    return {
      models: listOf(data).flatMap(readModel),
      next: cursor === undefined ? undefined : `&after_id=${encodeURIComponent(cursor)}`,
    }
  },
}

function readModel(item: unknown): ModelInfo[] {
  const { id, display_name: name, created_at: created } = objectOf(item)
  const known = textOf(id)
  if (known === undefined) return []
  const createdMs = Date.parse(textOf(created) ?? '')
  return [
    {
      id: known,
      name: textOf(name),
      created: Number.isNaN(createdMs) ? undefined : Math.floor(createdMs / 1_000),
    },
  ]
}
