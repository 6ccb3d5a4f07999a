import { throwInvalidRequest } from './error.ts'
import { isObject, objectOf, type JsonDraft } from './json.ts'
import { findLost } from './lost-fields.ts'
import { isSchema, isStandardSchema, jsonSchemaOf } from './json-schema.ts'
import { readCacheMark, type CacheMark } from './cache-mark.ts'
import type { WireFields } from './extensible.ts'
import type { WireOptions } from './provider-options.ts'
import type {
  AllowedTools,
  CacheSetting,
  OpenAITool,
  ReasoningSetting,
  Schema,
  Settings,
  Tool,
  ToolChoice,
} from './request.ts'

/** {@link Settings} of a parsed request: one shape each. */
export interface ResolvedSettings extends Omit<
  Settings,
  'responseFormat' | 'tools' | 'toolChoice' | 'reasoning' | 'stop' | 'cache'
> {
  readonly toolChoice?: ToolChoice | AllowedTools | undefined
  readonly stop?: readonly string[] | undefined
  readonly cache?: CacheSetting | undefined
  readonly responseFormat?: ResolvedFormat | undefined
  readonly tools?: readonly ResolvedTool[] | undefined
  readonly reasoning?:
    | (Omit<ReasoningSetting, 'effort'> & { readonly effort?: string | undefined })
    | undefined
}
/** A response format with its schema as JSON Schema. */
export interface ResolvedFormat {
  readonly type: 'text' | 'json'
  readonly schema?: JsonDraft | undefined
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly strict?: boolean | undefined
  /** How the model is asked for it. Absent: in the best way that the target has. */
  readonly strategy?: 'native' | 'tool' | 'prompt' | undefined
  /** Checks a parsed response by Standard Schema: returns the value or the issues. */
  readonly validate?: ((value: unknown) => unknown) | undefined
}
/** A tool with its parameters as JSON Schema. */
export interface ResolvedTool {
  readonly name: string
  readonly description?: string | undefined
  readonly parameters: JsonDraft
  readonly strict?: boolean | undefined
  readonly cache?: CacheMark | undefined
  readonly providerOptions?: WireOptions | undefined
  /** Fields that are merged into the tool on the wire, of the target's provider. */
  readonly wire?: WireFields | undefined
}

type Given<K extends keyof Settings> = NonNullable<Settings[K]>

/** A single stop sequence becomes a list of one. */
export function resolveStop(stop: Given<'stop'>): readonly string[] {
  return typeof stop === 'string' ? [stop] : [...stop]
}

/** Brings tools into one shape; an empty list counts as absent. Throws `invalid-request` for a schema without JSON Schema. */
export function resolveTools(tools: Given<'tools'>): readonly ResolvedTool[] | undefined {
  return tools.length === 0 ? undefined : tools.map(resolveTool)
}

function resolveTool(tool: Tool | OpenAITool, index: number): ResolvedTool {
  const own: Tool & { readonly input_schema?: Schema } = 'function' in tool ? tool.function : tool
  const { name, description, parameters, inputSchema, input_schema, strict } = own
  const { providerOptions = own.providerOptions } = tool as Tool
  const cache = readCacheMark(tool) ?? readCacheMark(own)
  const schema = parameters ?? inputSchema ?? input_schema
  const empty: JsonDraft = { type: 'object', properties: {} }
  const resolved = schema === undefined ? empty : jsonSchemaOf(schema, `tools.${index}.parameters`)
  return {
    name,
    description,
    parameters: resolved,
    strict,
    ...(cache === undefined ? undefined : { cache }),
    ...(providerOptions && { providerOptions }),
  }
}

/** Throws `invalid-request` if the chosen tool is not among the tools. */
export function resolveToolChoice(
  choice: Given<'toolChoice'>,
  { tools, serverTools }: ResolvedSettings,
): ToolChoice | AllowedTools {
  if (typeof choice === 'string') return choice
  const names = 'names' in choice ? choice.names : ['name' in choice ? choice.name : choice.function.name]
  for (const name of names) {
    const known =
      tools?.some((tool) => tool.name === name) === true ||
      serverTools?.some((tool) => 'type' in tool && tool.type === name) === true
    if (!known) throwInvalidRequest('toolChoice', `names the tool "${name}", which is not among the tools`)
  }
  return 'names' in choice ? { ...choice } : { name: names[0] as string }
}

/** `auto` is a field, which is true unless the setting only names a key or an id. */
export function resolveCache(cache: Given<'cache'>): CacheSetting {
  if (cache === 'auto') return { auto: true }
  return { ...cache, auto: cache.auto ?? (cache.key === undefined && cache.id === undefined) }
}

/** `true` is medium effort, `false` none. */
export function resolveReasoning(reasoning: Given<'reasoning'>): ResolvedSettings['reasoning'] {
  if (typeof reasoning === 'object') return { ...reasoning }
  if (typeof reasoning === 'boolean') return { effort: reasoning ? 'medium' : 'none' }
  return { effort: reasoning }
}

/** Reads our shapes, OpenAI's, and a bare schema. Throws `invalid-request` for a schema without JSON Schema. */
export function resolveFormat(
  format: Given<'responseFormat'>,
  _earlier: ResolvedSettings,
  lost: string[],
): ResolvedFormat {
  if (format === 'text' || format === 'json') return { type: format }
  if (isStandardSchema(format)) return schemaFormat(format, {})
  findLostInFormat(format, lost)
  switch (format['type']) {
    case 'text':
      return { type: 'text' }
    case 'json':
      return schemaFormat(format['schema'] as Schema | undefined, format)
    case 'json_object':
      return { type: 'json' }
    case 'json_schema': {
      const inner = isObject(format['json_schema']) ? format['json_schema'] : format
      return schemaFormat(inner['schema'] as Schema | undefined, inner)
    }
    default:
      return schemaFormat(format as Schema, {})
  }
}

const SCHEMA_FIELDS = { schema: true, name: true, description: true, strict: true }
const FORMAT_FIELDS: Readonly<Record<string, object>> = {
  text: { type: true },
  json_object: { type: true },
  json: { type: true, strategy: true, ...SCHEMA_FIELDS },
  json_schema: { type: true, json_schema: true, ...SCHEMA_FIELDS },
}

// A format of another type is a bare schema, which has any field.
function findLostInFormat(format: object, lost: string[]): void {
  const { type, schema: _schema, json_schema: inner, ...fields } = objectOf(format)
  const known =
    typeof type === 'string' && Object.hasOwn(FORMAT_FIELDS, type) ? FORMAT_FIELDS[type] : undefined
  if (known === undefined) return
  findLost(fields, known, 'responseFormat', lost)
  if (isObject(inner)) findLost({ ...inner, schema: true }, SCHEMA_FIELDS, 'responseFormat.json_schema', lost)
}

function schemaFormat(schema: Schema | undefined, rest: Record<string, unknown>): ResolvedFormat {
  if (schema !== undefined && !isSchema(schema))
    throwInvalidRequest('responseFormat.schema', 'must be a JSON Schema, or bring one')
  const optional = (key: string): string | undefined =>
    typeof rest[key] === 'string' ? rest[key] : undefined
  return {
    type: 'json',
    schema: schema === undefined ? undefined : jsonSchemaOf(schema, 'responseFormat.schema'),
    name: optional('name'),
    description: optional('description'),
    strict: typeof rest['strict'] === 'boolean' ? rest['strict'] : undefined,
    ...(rest['strategy'] !== 'auto' && { strategy: rest['strategy'] as ResolvedFormat['strategy'] }),
    validate: isStandardSchema(schema) ? schema['~standard'].validate : undefined,
  }
}
