import { isObject, parseJson, type JsonValue } from '../json.ts'
import type { ResolvedFormat } from '../resolved-settings.ts'
import type { ChatResponse, Warning } from '../response.ts'
import { restoreValue } from './schema-values.ts'

/** Adds `object`, the parsed and validated text, to a response, or a warning if the text is not valid. */
export async function parseAnswer(response: ChatResponse, format: ResolvedFormat): Promise<ChatResponse> {
  const parsed = parseJson(withoutFence(response.text))
  if (parsed === undefined)
    return { ...response, warnings: [...response.warnings, warning('the text is not valid JSON')] }
  const object = format.schema === undefined ? parsed : restoreValue(parsed, format.schema)
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
