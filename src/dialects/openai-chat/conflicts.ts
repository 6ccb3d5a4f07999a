import type { RenderInput } from '../../core/dialect.ts'
import { numberOf, type JsonDraft } from '../../core/json.ts'
import { fitSamplers, thinks } from '../samplers.ts'
import type { OpenAIChatQuirks } from './quirks.ts'

/** Resolves conflicts between the parameters in `body`. */
export function resolveConflicts(input: RenderInput, body: JsonDraft): void {
  const quirks: OpenAIChatQuirks = input.quirks
  fitSamplers(input, body)
  if (quirks.toolsWhileThinking === false) fitTools(input, body)
  if (quirks.choicesFromTemperature !== undefined) fitChoices(quirks.choicesFromTemperature, input, body)
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

// The format refuses functions together with thinking, so that thinking is turned off where it can be.
function fitTools({ model, settings, quirks, warnings }: RenderInput, body: JsonDraft): void {
  if (body['tools'] === undefined || !thinks(settings.reasoning, quirks)) return
  const { efforts }: OpenAIChatQuirks = quirks
  if (efforts?.includes('none') !== true) return
  body['reasoning_effort'] = 'none'
  if (settings.reasoning === undefined) return
  warnings.push({
    type: 'changed',
    setting: 'reasoning',
    message: `reasoning was sent to ${model} as "none": it has no tools while it thinks in this format; api: 'responses' has both`,
  })
}
