import type { RenderInput } from '../../core/dialect.ts'
import { adaptHistory } from '../../core/history.ts'
import { listOf, numberOf, type JsonDraft, type JsonValue } from '../../core/json.ts'
import { tellTools } from '../told-tools.ts'
import { commonMarks, writePrompt } from './prompt.ts'
import type { KoboldQuirks } from './quirks.ts'

const LEAST_CONTEXT = 2_048

/** Writes the prompt, and what ends the answer where the next turn would begin. */
export function render(input: RenderInput, body: JsonDraft): void {
  const { marks = commonMarks, contextLength }: KoboldQuirks = input.quirks
  const note = (message: string): void => {
    input.warnings.push({ type: 'compatibility', message })
  }
  const fitted = adaptHistory(input.messages, { dialect: 'kobold' }, input.warnings)
  const messages = tellTools(fitted, () =>
    note('tool calls and their results were sent as text: the format has none'),
  )
  const prompt = writePrompt(messages, marks, note)
  body['prompt'] = prompt
  const ends = [marks.userStart, marks.assistantStart]
    .map((mark) => mark.trim())
    .filter((mark) => mark !== '')
  body['stop_sequence'] = [...(listOf(body['stop_sequence']) as JsonValue[]), ...ends]
  body['trim_stop'] = true
  // A token has at least a character, but for rare ones: so much is always enough.
  body['max_context_length'] =
    contextLength ?? Math.max(LEAST_CONTEXT, prompt.length + (numberOf(body['max_length']) ?? 0))
  if (input.stream && body['logprobs'] !== undefined) {
    delete body['logprobs']
    const message = 'logprobs was not sent: the format gives none in a stream'
    input.warnings.push({ type: 'unsupported', setting: 'logprobs', message })
  }
}
