import { listOf, numberOf, objectOf, textOf } from '../../core/json.ts'
import type { ModelInfo, ModelListApi } from '../../core/model-list.ts'

/** The chat models. The list exists in version 1 of the API only, so that the path leaves version 2. */
export const modelList: ModelListApi = {
  endpoint: '/../v1/models?endpoint=chat&page_size=1000',
  parse: (reply) => {
    const { models, next_page_token: token } = objectOf(reply)
    const cursor = textOf(token)
    return {
      models: listOf(models).flatMap(readModel),
      next: cursor === undefined ? undefined : `&page_token=${encodeURIComponent(cursor)}`,
    }
  },
}

function readModel(item: unknown): ModelInfo[] {
  const { name, context_length: contextLength } = objectOf(item)
  const id = textOf(name)
  return id === undefined ? [] : [{ id, contextWindow: numberOf(contextLength) }]
}
