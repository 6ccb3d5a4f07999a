import type { Message } from './message.ts'
import type { ParamMap, ResolvedSettings, SettingName } from './params.ts'
import type { Quirks } from './dialect.ts'
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
  {
    messages,
    settings: asked,
  }: { readonly messages: readonly Message[]; readonly settings: ResolvedSettings },
  {
    capabilities,
    params,
    model,
    quirks = {},
  }: {
    readonly capabilities: ModelCapabilities
    readonly params: ParamMap
    readonly model: string
    readonly quirks?: Quirks | undefined
  },
): AdaptedRequest {
  const warnings: Warning[] = []
  const settings = withAllowedTools(asked, { quirks, model }, warnings)
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

// Where the limit has no form on the wire, the other tools are left out.
function withAllowedTools(
  settings: ResolvedSettings,
  { quirks, model }: { readonly quirks: Quirks; readonly model: string },
  warnings: Warning[],
): ResolvedSettings {
  const { toolChoice: choice, tools } = settings
  if (typeof choice !== 'object' || !('names' in choice) || quirks['allowedTools'] === true) return settings
  const message = `tools outside toolChoice.names were not sent to ${model}, because its API cannot limit a call to some`
  warnings.push({ type: 'changed', setting: 'toolChoice', message })
  const { names, mode = 'required' } = choice
  return { ...settings, tools: tools?.filter(({ name }) => names.includes(name)), toolChoice: mode }
}

function schemaInstruction(schema: unknown): string {
  return `Answer with JSON alone, valid by this JSON Schema: ${JSON.stringify(schema)}`
}
