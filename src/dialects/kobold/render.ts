import type { RenderInput } from '../../core/dialect.ts'
import { listOf, numberOf, type JsonDraft, type JsonValue } from '../../core/json.ts'
import { createNote, noteLostThoughts } from '../note.ts'
import { toolsAsText } from '../tools-as-text.ts'
import { commonMarks, writePrompt } from './prompt.ts'
import type { KoboldQuirks } from './quirks.ts'

const MIN_CONTEXT = 2_048

/** Writes the prompt, and the stop sequences that end the answer before the next message. */
export function render(input: RenderInput, body: JsonDraft): void {
  const { marks = commonMarks, contextLength }: KoboldQuirks = input.quirks
  const note = createNote(input)
  const fitted = input.messages
  const messages = toolsAsText(fitted, () =>
    note('tool calls and their results were sent as text: the format has no tools'),
  )
  noteLostThoughts(input, () => false)
  const prompt = writePrompt(messages, marks, note)
  body['prompt'] = prompt
  const ends = [marks.userStart, marks.assistantStart]
    .map((mark) => mark.trim())
    .filter((mark) => mark !== '')
  body['stop_sequence'] = [...(listOf(body['stop_sequence']) as JsonValue[]), ...ends]
  body['trim_stop'] = true
  // Enough in all but rare cases, because a token has at least one character.
  body['max_context_length'] =
    contextLength ?? Math.max(MIN_CONTEXT, prompt.length + (numberOf(body['max_length']) ?? 0))
  if (input.stream && body['logprobs'] !== undefined) {
    delete body['logprobs']
    const message = 'logprobs was not sent: the format has none in streams'
    input.warnings.push({ type: 'unsupported', setting: 'logprobs', message })
  }
}
