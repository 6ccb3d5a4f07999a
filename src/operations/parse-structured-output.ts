import type { Call } from '../core/call.ts'
import { loadSchemas } from '../core/fit/load-schemas.ts'
import { isObject, parseJson, type JsonValue } from '../core/json.ts'
import type { ResolvedFormat } from '../core/resolved-settings.ts'
import type { ChatResponse, Warning } from '../core/response.ts'

/**
 * Adds `object`, the parsed and validated text, to a response whose request has `responseFormat: json`. Adds a warning
 * instead if the text is not valid.
 */
export function parseStructuredOutput(
  { settings }: Call,
  response: ChatResponse,
): ChatResponse | Promise<ChatResponse> {
  const format = settings.responseFormat
  return format?.type !== 'json' || response.text === '' ? response : parseText(response, format)
}

async function parseText(response: ChatResponse, format: ResolvedFormat): Promise<ChatResponse> {
  const parsed = parseJson(withoutFence(response.text))
  if (parsed === undefined)
    return { ...response, warnings: [...response.warnings, warning('the text is not valid JSON')] }
  const object =
    format.schema === undefined ? parsed : (await loadSchemas()).restoreValue(parsed, format.schema)
  const finished = { ...response, object }
  return format.validate === undefined ? finished : validated(finished, format.validate)
}

async function validated(
  { object, ...response }: ChatResponse,
  validate: (value: unknown) => unknown,
): Promise<ChatResponse> {
  const result = (await validate(object)) as {
    value?: unknown
    issues?: readonly { message: string }[]
  }
  if (result.issues === undefined) return { ...response, object: result.value as JsonValue }
  const reasons = result.issues.map((issue) => (isObject(issue) ? issue.message : String(issue))).join('; ')
  return {
    ...response,
    warnings: [...response.warnings, warning(`the text does not match the schema: ${reasons}`)],
  }
}

function warning(problem: string): Warning {
  return { type: 'other', setting: 'responseFormat', message: `${problem}; response.object is not set` }
}

// Models often wrap JSON in a Markdown fence.
function withoutFence(text: string): string {
  return /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/.exec(text)?.[1] ?? text
}
