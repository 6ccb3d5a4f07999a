import type { Quirks, RenderInput } from '../core/dialect.ts'
import type { JsonDraft } from '../core/json.ts'
import type { SettingName } from '../core/params.ts'
import { isOff, type Reasoning } from './effort.ts'

/** Quirks of models that use samplers only without thinking. */
export interface SamplerQuirks extends Quirks {
  /** Whether the model thinks if `reasoning` is not set. Default false. */
  readonly thinksUnasked?: boolean | undefined
  /** What a thinking model does with temperature, top-p and log probabilities. Default: it uses them. */
  readonly samplersWhileThinking?: 'refused' | 'ignored' | undefined
}

/** Whether the model thinks, by the setting or by default. */
export function thinks(reasoning: Reasoning | undefined, { thinksUnasked }: SamplerQuirks): boolean {
  return reasoning === undefined ? thinksUnasked === true : !isOff(reasoning)
}

// Settings that some servers accept only without thinking, and their wire parameters.
const SAMPLERS: readonly (readonly [SettingName, string])[] = [
  ['temperature', 'temperature'],
  ['topP', 'top_p'],
  ['frequencyPenalty', 'frequency_penalty'],
  ['presencePenalty', 'presence_penalty'],
  ['logprobs', 'logprobs'],
  ['topLogprobs', 'top_logprobs'],
]

/** Removes the samplers that a thinking model refuses, or warns of those that it ignores. */
export function fitSamplers({ model, settings, quirks, warnings }: RenderInput, body: JsonDraft): void {
  const { samplersWhileThinking: effect }: SamplerQuirks = quirks
  if (effect === undefined || !thinks(settings.reasoning, quirks)) return
  for (const [setting, param] of SAMPLERS) {
    if (body[param] === undefined) continue
    if (effect === 'refused') body[param] = undefined
    const what = effect === 'refused' ? 'was not sent to' : 'has no effect on'
    warnings.push({
      type: 'unsupported',
      setting,
      message: `${setting} ${what} ${model}: the model does not use it while thinking`,
    })
  }
}
