import { listOf, numberOf, objectOf, textOf } from '../../core/json.ts'
import type { ModelListApi } from '../../core/model-list.ts'

/** The models on the server. */
export const modelList: ModelListApi = {
  endpoint: '/tags',
  parse: (reply) => {
    const models = listOf(objectOf(reply)['models']).flatMap((item) => {
      const { model, name, modified_at: modified, details } = objectOf(item)
      const id = textOf(model) ?? textOf(name)
      if (id === undefined) return []
      const changedMs = Date.parse(textOf(modified) ?? '')
      return {
        id,
        name: textOf(name),
        contextWindow: numberOf(objectOf(details)['context_length']),
        created: Number.isNaN(changedMs) ? undefined : Math.floor(changedMs / 1_000),
      }
    })
    return { models }
  },
}
