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
 * Whether thinking with a budget is possible: in the middle of a tool loop, its first message must begin with a thought of the
 * model.
 */
export function canThinkNow(
  body: JsonDraft,
  { isResult, isThought }: Readonly<Record<'isResult' | 'isThought', (block: Block) => boolean>>,
): boolean {
  const messages = listOf(body['messages']).map(objectOf)
  const holdsResult = ({ content }: Block): boolean =>
    listOf(content).some((block) => isResult(objectOf(block)))
  if (!holdsResult(messages.at(-1) ?? {})) return true
  const asked = messages.findLastIndex((message) => message['role'] === 'user' && !holdsResult(message))
  const [first] = listOf(messages.slice(asked + 1).find(({ role }) => role === 'assistant')?.['content'])
  return isThought(objectOf(first))
}

/** The wire parameter of a sampler: the object that holds it, and its name there. */
type Place = readonly [holder: JsonDraft, name: string]

/** Removes or moves the samplers that a thinking Claude refuses: temperature other than 1, top-k, top-p below 0.95. */
export function fitSamplers(
  input: RenderInput,
  places: Readonly<Record<'temperature' | 'topK' | 'topP', Place>>,
): void {
  const [temperatureOf, temperature] = places.temperature
  if (temperatureOf[temperature] !== undefined && temperatureOf[temperature] !== 1) {
    temperatureOf[temperature] = undefined
    warnLost(input, 'temperature', 'a thinking model accepts only 1')
  }
  const [topKOf, topK] = places.topK
  if (topKOf[topK] !== undefined) {
    topKOf[topK] = undefined
    warnLost(input, 'topK', 'a thinking model accepts none')
  }
  const [topPOf, topP] = places.topP
  const asked = numberOf(topPOf[topP])
  if (asked === undefined || asked >= 0.95) return
  topPOf[topP] = 0.95
  warnChanged(input, 'topP', `${asked} was sent as 0.95: a thinking model accepts 0.95 to 1`)
}
