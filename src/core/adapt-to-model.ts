import type { Message } from './message.ts'
import type { ParamMap, ResolvedSettings, SettingName } from './params.ts'
import type { ModelCapabilities } from './provider.ts'
import type { Warning } from './response.ts'

const noTools = 'the model calls no tools'

/** The parameter rules that follow from a model's capabilities: merged over the provider's map and under the model's own. */
export function capabilityParams(
  { tools, reasoning, maxOutput }: ModelCapabilities,
  below: ParamMap,
): ParamMap {
  const layer: { -readonly [Name in SettingName]?: ParamMap[Name] } = {}
  if (tools === false) {
    layer.tools = { drop: noTools }
    layer.toolChoice = { drop: noTools }
    layer.parallelToolCalls = { drop: noTools }
  }
  if (reasoning === false) layer.reasoning = { drop: 'the model does not reason' }
  if (maxOutput !== undefined) {
    const [least = 1, most = Infinity] = below.maxTokens?.clamp ?? []
    layer.maxTokens = { clamp: [least, Math.min(most, maxOutput)] }
  }
  return layer
}

/** Messages and settings of a call, adapted to a model. */
export interface AdaptedRequest {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly warnings: Warning[]
}

/** Sends a schema as an instruction if the model takes none as a parameter. Pure. */
export function adaptToModel(
  { messages, settings }: { readonly messages: readonly Message[]; readonly settings: ResolvedSettings },
  {
    capabilities,
    params,
    model,
  }: { readonly capabilities: ModelCapabilities; readonly params: ParamMap; readonly model: string },
): AdaptedRequest {
  const warnings: Warning[] = []
  const { responseFormat } = settings
  const { schema } = responseFormat ?? {}
  const isInstruction =
    capabilities.jsonSchema === false && schema !== undefined && params.responseFormat?.drop === undefined
  if (!isInstruction) return { messages, settings, warnings }
  warnings.push({
    type: 'changed',
    setting: 'responseFormat',
    message: `the schema was sent to ${model} as an instruction, because it takes none as a parameter`,
  })
  return {
    messages: [{ role: 'system', content: schemaInstruction(schema) }, ...messages],
    settings: { ...settings, responseFormat: { ...responseFormat, type: 'json', schema: undefined } },
    warnings,
  }
}

function schemaInstruction(schema: unknown): string {
  return `Answer with JSON alone, valid by this JSON Schema: ${JSON.stringify(schema)}`
}
