import { listOf, numberOf, objectOf, textOf } from '../../core/json.ts'
import type { ModelInfo, ModelListApi } from '../../core/model-list.ts'

/** The model list, in pages of the maximum size. Ids are without `models/`, as in requests. */
export const modelList: ModelListApi = {
  endpoint: '/models?pageSize=1000',
  parse: (reply) => {
    const { models, nextPageToken } = objectOf(reply)
    const token = textOf(nextPageToken)
    return {
      models: listOf(models).flatMap(readModel),
      next: token === undefined ? undefined : `&pageToken=${encodeURIComponent(token)}`,
    }
  },
}

function readModel(item: unknown): ModelInfo[] {
  const { name, displayName, inputTokenLimit, outputTokenLimit, thinking } = objectOf(item)
  const path = textOf(name)
  if (path === undefined) return []
  return [
    {
      id: path.replace(/^models\//, ''),
      name: textOf(displayName),
      contextWindow: numberOf(inputTokenLimit),
      maxOutput: numberOf(outputTokenLimit),
      reasoning: typeof thinking === 'boolean' ? thinking : undefined,
    },
  ]
}
