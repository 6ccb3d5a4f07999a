import type { LlmError } from '../../core/error.ts'
import { publicError, type ErrorAnswer } from '../../protocols/index.ts'

/** Renders an error for the vendor-neutral protocols: `{ error: { code, reason, message, … } }`; `code` is the error's kind. */
export function plainErrorBody(error: LlmError): ErrorAnswer {
  const { status, kind, message, ...more } = publicError(error)
  const { reason, retryAfterMs, scope, pending, issues } = more
  const listed = issues?.map(({ path, message: about }) => ({ path, message: about }))
  return {
    status,
    body: { error: { code: kind, reason, message, retryAfterMs, scope, pending, issues: listed } },
  }
}
