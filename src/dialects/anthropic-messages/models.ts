import { listOf, numberOf, objectOf, textOf, rowOf } from '../../core/json.ts'
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

const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max']

function readModel(item: unknown): ModelInfo[] {
  const { id, display_name: name, created_at: created, capabilities, ...model } = objectOf(item)
  const known = textOf(id)
  if (known === undefined) return []
  const createdMs = Date.parse(textOf(created) ?? '')
  return [
    {
      id: known,
      name: textOf(name),
      created: Number.isNaN(createdMs) ? undefined : Math.floor(createdMs / 1_000),
      contextWindow: numberOf(model['max_input_tokens']),
      maxOutput: numberOf(model['max_tokens']),
      status: rowOf(STATUS, textOf(model['lifecycle']) ?? ''),
      deprecatedOn: dayOf(model['deprecated_at']),
      retiresOn: dayOf(model['retires_at']),
      ...(capabilities === undefined ? undefined : readCapabilities(objectOf(capabilities))),
    },
  ]
}

const STATUS: Readonly<Record<string, ModelInfo['status']>> = {
  active: 'active',
  deprecated: 'deprecated',
  retired: 'retired',
}

function dayOf(time: unknown): string | undefined {
  return textOf(time)?.slice(0, 10)
}

function readCapabilities(capabilities: Readonly<Record<string, unknown>>): Partial<ModelInfo> {
  const has = (...path: string[]): boolean | undefined => {
    let at: unknown = capabilities
    for (const name of path) at = objectOf(at)[name]
    const { supported } = objectOf(at)
    return typeof supported === 'boolean' ? supported : undefined
  }
  const kinds = [
    ['image', has('image_input')],
    ['pdf', has('pdf_input')],
  ] as const
  const efforts = EFFORTS.filter((effort) => has('effort', effort) === true)
  return {
    inputModalities: ['text', ...kinds.filter(([, supported]) => supported === true).map(([kind]) => kind)],
    jsonSchema: has('structured_outputs'),
    reasoning: has('thinking'),
    thinkingOff: has('thinking', 'types', 'disabled'),
    efforts: efforts.length === 0 ? undefined : efforts,
  }
}
