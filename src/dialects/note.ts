import type { RenderInput } from '../core/dialect.ts'

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
