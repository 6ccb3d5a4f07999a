import { LlmError } from '../core/error.ts'

/** Why a template was refused, thrown inside and turned into an `LlmError` at the door. Holds no data. */
export class TemplateFault extends Error {
  /** Counts from 1; 0 where the fault has no place. */
  readonly line: number

  constructor(reason: string, line: number) {
    super(reason)
    this.line = line
  }
}

const LONGEST_REASON = 300

/**
 * The error a user sees for anything thrown while a template was read or rendered. What is not a fault of ours
 * says nothing of itself: its words could quote data or a path.
 */
export function toTemplateError(thrown: unknown, line: number): LlmError {
  const fault = thrown instanceof TemplateFault ? thrown : new TemplateFault(reasonOf(thrown), line)
  const { message } = fault
  const reason = message.length > LONGEST_REASON ? `${message.slice(0, LONGEST_REASON)}…` : message
  const at = fault.line > 0 ? ` line ${fault.line}` : ''
  return new LlmError('template-failed', `Template${at}: ${reason}`, {
    issues: [{ path: at.trim(), message: reason }],
  })
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof RangeError) return 'it is nested too deeply, or too large; make it simpler'
  return 'it could not be rendered; check its syntax and that the data is plain JSON'
}
