import type { RenderInput } from '../core/dialect.ts'
import { listOf, numberOf, objectOf, type JsonDraft } from '../core/json.ts'
import type { SettingName } from '../core/params.ts'

/** Adds a warning that a setting was not sent. */
export function warnLost({ warnings, model }: RenderInput, setting: SettingName, why: string): void {
  warnings.push({ type: 'unsupported', setting, message: `${setting} was not sent to ${model}: ${why}` })
}

/** Adds a warning that a setting was sent in another way. */
export function warnChanged({ warnings, model }: RenderInput, setting: SettingName, how: string): void {
  warnings.push({ type: 'changed', setting, message: `${setting} for ${model}: ${how}` })
}

type Block = Readonly<Record<string, unknown>>

/**
 * Whether thinking with a budget is possible: in the middle of a tool round the model must find its own thought in front
 * of the tool calls.
 */
export function canThinkNow(
  body: JsonDraft,
  { isResult, isThought }: Readonly<Record<'isResult' | 'isThought', (block: Block) => boolean>>,
): boolean {
  const messages = listOf(body['messages']).map(objectOf)
  const hasResult = listOf(messages.at(-1)?.['content']).some((block) => isResult(objectOf(block)))
  if (!hasResult) return true
  const [first] = listOf(messages.findLast(({ role }) => role === 'assistant')?.['content'])
  return isThought(objectOf(first))
}

/** The wire parameter of a sampler: the object that holds it, and its name there. */
type Place = readonly [holder: JsonDraft, name: string]

/** Removes or moves the samplers that a thinking Claude refuses: temperature other than 1, top-k, top-p below 0.95. */
export function fitSamplers(
  input: RenderInput,
  places: Readonly<Record<'temperature' | 'topK' | 'topP', Place>>,
): void {
  const [[heated, heat], [counted, count], [summed, sum]] = [places.temperature, places.topK, places.topP]
  if (heated[heat] !== undefined && heated[heat] !== 1) {
    delete heated[heat]
    warnLost(input, 'temperature', 'a thinking model accepts only 1')
  }
  if (counted[count] !== undefined) {
    delete counted[count]
    warnLost(input, 'topK', 'a thinking model accepts none')
  }
  const topP = numberOf(summed[sum])
  if (topP !== undefined && topP < 0.95) {
    summed[sum] = 0.95
    warnChanged(input, 'topP', `${topP} was sent as 0.95: a thinking model accepts 0.95 to 1`)
  }
}
