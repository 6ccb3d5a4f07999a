import { checkJson } from '../core/check-json.ts'
import type { Issue } from '../core/error.ts'
import { loadSchemas } from '../core/fit/load-schemas.ts'
import { isStandardSchema, jsonSchemaOf } from '../core/json-schema.ts'
import { listOf, type JsonValue } from '../core/json.ts'
import type { Schema, Tool } from '../core/request.ts'

/** Arguments for a tool's `execute`, or why they are none. */
export type CheckedArguments = { readonly args: unknown } | { readonly problem: string }

const MAX_SHOWN = 10

/**
 * Checks the arguments of a tool call by the tool's schema, with defaults and transforms applied. Without a schema they are
 * passed as they are. Rejects if the schema itself throws.
 */
export async function checkArguments(tool: Tool, given: JsonValue): Promise<CheckedArguments> {
  const schema = schemaOf(tool)
  if (schema === undefined) return { args: given }
  const json = jsonSchemaOf(schema, 'parameters')
  const value = (await loadSchemas()).restoreArguments(given, { parameters: json, strict: tool.strict })
  if (isStandardSchema(schema)) {
    const result = (await schema['~standard'].validate(value)) as StandardResult
    return result.issues === undefined
      ? { args: result.value }
      : { problem: problemOf(issuesOf(result.issues)) }
  }
  const checked = checkJson(json, value)
  return checked.issues.length === 0 ? { args: checked.value } : { problem: problemOf(checked.issues) }
}

interface StandardResult {
  readonly value?: unknown
  readonly issues?: readonly StandardIssue[] | undefined
}

/** An issue of a Standard Schema. Its path has keys, or objects with a key. */
interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

function schemaOf(tool: Tool & { readonly input_schema?: Schema | undefined }): Schema | undefined {
  return tool.parameters ?? tool.inputSchema ?? tool.input_schema
}

function issuesOf(issues: readonly StandardIssue[]): Issue[] {
  return listOf(issues).map((issue) => {
    const { path = [], message } = issue as StandardIssue
    const keys = path.map((part) => String(typeof part === 'object' ? part.key : part))
    return { path: keys.join('.'), message }
  })
}

function problemOf(issues: readonly Issue[]): string {
  const shown = issues
    .slice(0, MAX_SHOWN)
    .map(({ path, message }) => `${path === '' ? 'arguments' : path}: ${message}`)
  const more = issues.length > shown.length ? ` (and ${issues.length - shown.length} more)` : ''
  return `invalid arguments: ${shown.join('; ')}${more}`
}
