import type { ParamMap, SettingName } from './params.ts'
import type { ModelCapabilities } from './provider.ts'

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
