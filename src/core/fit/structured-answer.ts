import { checkJson } from '../check-json.ts'
import type { Issue } from '../error.ts'
import { isObject, listOf, parseJson, type JsonValue } from '../json.ts'
import type { ResolvedFormat } from '../resolved-settings.ts'
import type { ChatResponse, Warning } from '../response.ts'
import { coerceValue } from './coerce-value.ts'
import { readLenient } from './lenient-json.ts'
import { restoreValue } from './schema-values.ts'

/** What a text is as an answer by a schema: its value, or why it has none. */
export interface ReadAnswer {
  readonly object?: JsonValue | undefined
  /** Whether the text was read as something else than it says. */
  readonly isRepaired?: boolean | undefined
  readonly issues: readonly Issue[]
}

/** Adds `object`, the parsed and checked text, to a response, or a warning if the text is not valid. */
export async function parseAnswer(response: ChatResponse, format: ResolvedFormat): Promise<ChatResponse> {
  const { object, isRepaired, issues } = await readAnswer(response.text, format)
  if (object === undefined) return { ...response, warnings: [...response.warnings, warning(issues)] }
  if (isRepaired !== true) return { ...response, object }
  const message = 'the text did not match the schema as it was written; response.object is read from it'
  const repaired: Warning = { type: 'other', setting: 'responseFormat', message }
  return { ...response, object, warnings: [...response.warnings, repaired] }
}

/**
 * Reads the text of an answer by its schema: as it is if it fits, or else what it means, such as JSON between words, cut off,
 * or with a number as text.
 */
export async function readAnswer(text: string, format: ResolvedFormat): Promise<ReadAnswer> {
  const strict = parseJson(withoutFence(text))
  const first = strict === undefined ? undefined : await checked(strict, format)
  if (first !== undefined && first.issues.length === 0) return first
  const value = strict ?? readLenient(text)
  if (value === undefined) return { issues: [{ path: '', message: 'the text is not valid JSON' }] }
  const second = await checked(coerceValue(value, format.schema, format.schema ?? {}), format)
  return second.issues.length === 0 ? { ...second, isRepaired: true } : (first ?? second)
}

async function checked(value: JsonValue, { schema, validate }: ResolvedFormat): Promise<ReadAnswer> {
  const restored = schema === undefined ? value : restoreValue(value, schema)
  if (validate !== undefined) return validated(restored, validate)
  if (schema === undefined) return { object: restored, issues: [] }
  const { value: object, issues } = checkJson(schema, restored)
  return issues.length === 0 ? { object, issues } : { issues }
}

async function validated(value: JsonValue, validate: (value: unknown) => unknown): Promise<ReadAnswer> {
  const result = (await validate(value)) as { readonly value?: unknown; readonly issues?: unknown }
  if (result.issues === undefined) return { object: result.value as JsonValue, issues: [] }
  return { issues: listOf(result.issues).map(issueOf) }
}

function issueOf(issue: unknown): Issue {
  if (!isObject(issue)) return { path: '', message: String(issue) }
  const keys = listOf(issue['path']).map((key) => String(isObject(key) ? key['key'] : key))
  return { path: keys.join('.'), message: String(issue['message']) }
}

function warning(issues: readonly Issue[]): Warning {
  const reasons = issues
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ')
  const message = `the text does not match the schema: ${reasons}; response.object is not set`
  return { type: 'other', setting: 'responseFormat', message }
}

// Models often wrap JSON in a Markdown fence.
function withoutFence(text: string): string {
  return /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/.exec(text)?.[1] ?? text
}
