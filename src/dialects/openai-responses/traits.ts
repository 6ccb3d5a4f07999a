import type { Quirks } from '../../core/dialect.ts'
import type { ParamMap, ParamRule } from '../../core/params.ts'
import type { ModelCapabilities } from '../../core/provider.ts'

const KEPT_QUIRKS: ReadonlySet<string> = new Set([
  'systemRole',
  'efforts',
  'thinksUnasked',
  'samplersWhileThinking',
  'cacheTtl',
])
const PARAMS: ParamMap = {
  temperature: { to: 'temperature' },
  topP: { to: 'top_p' },
  logprobs: { to: 'include' },
  topLogprobs: { to: 'top_logprobs' },
  reasoning: { to: 'reasoning' },
}

/** Converts traits of models that are written for chat completions to this format. */
export function responsesModels(
  models: Readonly<Record<string, ModelCapabilities>>,
): Readonly<Record<string, ModelCapabilities>> {
  return Object.fromEntries(Object.entries(models).map(([id, traits]) => [id, converted(traits)]))
}

function converted({ params, quirks, body: _body, ...traits }: ModelCapabilities): ModelCapabilities {
  const { reasoning } = traits
  const sealed: Quirks = reasoning === undefined ? {} : { sealedReasoning: reasoning }
  const kept = Object.entries(quirks ?? {}).filter(([name]) => KEPT_QUIRKS.has(name))
  return { ...traits, params: convertedParams(params), quirks: { ...Object.fromEntries(kept), ...sealed } }
}

function convertedParams(params: ParamMap = {}): ParamMap {
  const known = Object.entries(PARAMS) as [keyof ParamMap, ParamRule][]
  return Object.fromEntries(
    known.flatMap(([name, own]) => {
      const rule = params[name]
      if (rule === undefined) return []
      return [[name, rule.to === undefined ? rule : { ...rule, ...own }]]
    }),
  )
}
