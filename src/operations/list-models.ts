import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import { loaded, type Loadable } from '../core/lazy.ts'
import type { ModelInfo, ModelListApi } from '../core/model-list.ts'
import { checkCallOptions } from './request-schemas.ts'
import type { CallOptions } from '../core/request.ts'
import { requestJson, type JsonResult } from '../exchange/index.ts'
import type { Operation, OperationContext } from '../orchestrator/index.ts'

type Page = ReturnType<ModelListApi['parse']>

// A faulty server may return pages without end.
const MAX_PAGES = 50

/** Lists the models of a provider, up to 50 pages. Rejects with `unsupported` if the provider has no model list. */
export const listModels: Operation<string | CallOptions, readonly ModelInfo[]> = {
  name: 'list-models',
  run: async (context, input) => {
    const given = checkCallOptions(typeof input === 'string' ? { provider: input } : input)
    const request = context.withDefaultProvider({ ...given, model: given.model ?? '*' })
    const api = await loaded(apiOf(context, request))
    const models: ModelInfo[] = []
    let query: string | undefined = ''
    for (let page = 0; query !== undefined && page < MAX_PAGES; page++) {
      const call = context.createCall(request, {
        operation: 'list-models',
        messages: [],
        settings: {},
        stream: false,
        exchange: pageExchange(api, query),
      })
      const { value } = (await context.start(call)) as JsonResult<Page>
      models.push(...value.models)
      query = value.next
    }
    return models
  },
}

function apiOf(context: OperationContext, request: CallOptions): Loadable<ModelListApi> {
  const { definition, dialect, provider } = context.resolve(request)
  const api = definition.modelList === undefined ? dialect.models : definition.modelList
  if (api !== undefined && api !== null) return api
  throw new LlmError('unsupported', `provider "${provider}" has no list of models; choose another provider`, {
    provider,
  })
}

function pageExchange(api: ModelListApi, query: string) {
  const endpoint = `${api.endpoint}${query}`
  return (call: Call): Promise<JsonResult<Page>> =>
    requestJson(call, { method: 'GET', endpoint, read: (reply) => api.parse(reply) })
}
