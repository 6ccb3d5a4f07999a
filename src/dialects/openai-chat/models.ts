import { listOf, numberOf, objectOf, textOf } from '../../core/json.ts'
import type { ModelInfo, ModelListApi } from '../../core/model-list.ts'

/** The model list: under `data` or `models`, or a bare list, with the known fields of several servers. */
export const modelList: ModelListApi = /* @__PURE__ */ modelListOf(readModel)

/** Makes the model list of a server whose models `read` reads. */
export function modelListOf(read: (item: unknown) => ModelInfo): ModelListApi {
  return {
    endpoint: '/models',
    parse: (reply) => {
      const items = Array.isArray(reply)
        ? reply
        : listOf(objectOf(reply)['data'] ?? objectOf(reply)['models'])
      return { models: items.map(read).filter((model) => model.id !== '') }
    },
  }
}

/** Reads the fields that many servers have. */
export function readModel(item: unknown): ModelInfo {
  const model = objectOf(item)
  return {
    id: textOf(model['id']) ?? textOf(model['name']) ?? textOf(item) ?? '',
    name: textOf(model['display_name']) ?? textOf(model['name']),
    contextWindow:
      numberOf(model['context_length']) ??
      numberOf(model['context_window']) ??
      numberOf(model['max_model_len']),
    maxOutput:
      numberOf(model['max_completion_tokens']) ??
      numberOf(objectOf(model['top_provider'])['max_completion_tokens']),
    created: numberOf(model['created']),
    ownedBy: textOf(model['owned_by']),
    retiresOn: textOf(model['shutdown_date'])?.slice(0, 10),
  }
}
