import { LlmError } from '../core/error.ts'
import type { Warning } from '../core/response.ts'
import type { TemplateEngine, TemplateOptions } from './engine.ts'

/** A text, and what was noticed while it was made. */
export interface AppliedTemplate {
  readonly text: string
  readonly warnings: readonly Warning[]
}

/**
 * Renders a template where a chat must go on: missing data is empty text, and a template that cannot be rendered
 * comes back as it is, with a warning. Never throws.
 */
export function applyTemplateWith(
  engine: TemplateEngine,
  source: string,
  data?: unknown,
  options?: TemplateOptions,
): AppliedTemplate {
  try {
    return { text: engine.renderTemplate(source, data, options), warnings: [] }
  } catch (error) {
    const reason = LlmError.is(error) ? error.message : 'it could not be rendered'
    const message = `The template was left as it is. ${reason}`
    return { text: typeof source === 'string' ? source : '', warnings: [{ type: 'other', message }] }
  }
}
