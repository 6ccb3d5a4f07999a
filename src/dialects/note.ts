import type { RenderInput } from '../core/dialect.ts'
import { partsOf, type ReasoningPart } from '../core/message.ts'

/** Called with what could not be sent as it is, or not at all. */
export type Note = (message: string) => void

/** A function that adds a `compatibility` warning to the response. */
export function createNote({ warnings }: Pick<RenderInput, 'warnings'>): Note {
  return (message) => {
    warnings.push({ type: 'compatibility', message })
  }
}

/** Adds a `compatibility` warning, unless the response has the same one already. */
export function noteOnce({ warnings }: Pick<RenderInput, 'warnings'>, message: string): void {
  if (!warnings.some((warning) => warning.message === message))
    warnings.push({ type: 'compatibility', message })
}

/** Adds a warning if the text of an earlier thought cannot be sent back. */
export function noteLostThoughts(
  { messages, warnings, model }: Pick<RenderInput, 'messages' | 'warnings' | 'model'>,
  isSent: (thought: ReasoningPart) => boolean,
  why = `${model} does not take it`,
): void {
  const lost = messages.some(
    (message) =>
      message.role === 'assistant' &&
      partsOf(message.content).some((part) => part.type === 'reasoning' && part.text !== '' && !isSent(part)),
  )
  if (lost)
    warnings.push({
      type: 'other',
      message: `earlier reasoning was not sent back: ${why}`,
    })
}
