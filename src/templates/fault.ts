import { LlmError } from '../core/error.ts'
import type { TemplateLimits } from './limits.ts'

/** An internal error: a template is invalid or cannot be rendered. The message contains no data. */
export class TemplateFault extends Error {
  /** Line in the template, counted from 1. 0 if the fault has no line. */
  readonly line: number

  constructor(reason: string, line: number) {
    super(reason)
    this.line = line
  }
}

/** Creates the fault of an exceeded limit; the message names the option that raises it. */
export function limitFault(problem: string, limit: keyof TemplateLimits, line: number): TemplateFault {
  return new TemplateFault(`${problem}; simplify the template or raise limits.${limit}`, line)
}

/** Throws a {@link TemplateFault} if the source of a template is not a string. */
export function requireSource(source: unknown): asserts source is string {
  if (typeof source === 'string') return
  throw new TemplateFault(`the source must be a string, not ${source === null ? 'null' : typeof source}`, 0)
}

const MAX_REASON_CHARS = 300

/**
 * Converts anything thrown while a template is compiled or rendered to a `template-failed` error. Only the message of
 * a {@link TemplateFault} is kept, because other messages could quote data or a path.
 */
export function toTemplateError(thrown: unknown, line: number): LlmError {
  const fault = thrown instanceof TemplateFault ? thrown : new TemplateFault(reasonOf(thrown), line)
  const { message } = fault
  const reason = message.length > MAX_REASON_CHARS ? `${message.slice(0, MAX_REASON_CHARS)}…` : message
  const at = fault.line > 0 ? ` line ${fault.line}` : ''
  return new LlmError('template-failed', `Template${at}: ${reason}`, {
    issues: [{ path: at.trim(), message: reason }],
  })
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof RangeError) return 'the template is nested too deeply or too large; simplify it'
  return 'rendering failed; check the syntax and that the data is plain JSON'
}
