import type { RenderInput } from '../../core/dialect.ts'
import { numberOf, type JsonDraft } from '../../core/json.ts'
import type { SettingName } from '../../core/params.ts'
import type { OpenAIChatQuirks } from './quirks.ts'
import { thinks } from './reasoning.ts'

// Settings that some servers accept only without thinking, and their wire parameters.
const SAMPLERS: readonly (readonly [SettingName, string])[] = [
  ['temperature', 'temperature'],
  ['topP', 'top_p'],
  ['frequencyPenalty', 'frequency_penalty'],
  ['presencePenalty', 'presence_penalty'],
  ['logprobs', 'logprobs'],
  ['topLogprobs', 'top_logprobs'],
]

/** Resolves conflicts between the parameters in `body`. */
export function resolveConflicts(input: RenderInput, body: JsonDraft): void {
  const quirks: OpenAIChatQuirks = input.quirks
  if (quirks.samplersWhileThinking !== undefined && thinks(input.settings.reasoning, quirks))
    fitSamplers(quirks.samplersWhileThinking, input, body)
  if (quirks.choicesFromTemperature !== undefined) fitChoices(quirks.choicesFromTemperature, input, body)
}

function fitSamplers(effect: 'refused' | 'ignored', { model, warnings }: RenderInput, body: JsonDraft): void {
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

function fitChoices(from: number, { model, warnings }: RenderInput, body: JsonDraft): void {
  const asked = numberOf(body['n']) ?? 1
  if (asked === 1 || (numberOf(body['temperature']) ?? 0) >= from) return
  body['n'] = 1
  warnings.push({
    type: 'changed',
    setting: 'n',
    message: `n ${asked} was sent to ${model} as 1: the model gives one answer below a temperature of ${from}`,
  })
}
