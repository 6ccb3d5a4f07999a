import { lookup } from '../core/fit/schema-tree.ts'
import { argument, checkArguments } from '../core/check-arguments.ts'
import { callSafely } from '../core/host-function.ts'
import { isObject, type JsonDraft, type JsonObject, type JsonValue } from '../core/json.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { callable, required, withMethods } from '../core/schema.ts'

/** What is used of zod, 4.2 or later: `import * as z from 'zod'`. */
export interface ZodLibrary<Made> {
  fromJSONSchema(schema: Record<string, JsonValue | undefined>): Made
}

/** Options of {@link zodFromJsonSchema}. */
export interface ZodFromJsonSchemaOptions {
  /** Called for each word of the schema that zod cannot check, with its path. Values pass there unchecked. Default: none. */
  readonly onWarning?: ((warning: { readonly path: string; readonly message: string }) => void) | undefined
}

const UNSUPPORTED: ReadonlySet<string> = new Set([
  'if',
  'then',
  'else',
  'unevaluatedItems',
  'unevaluatedProperties',
  'dependentSchemas',
  'dependentRequired',
  'dependencies',
  '$dynamicRef',
  '$recursiveRef',
])
const SCHEMAS: ReadonlySet<string> = new Set(['items', 'additionalProperties', 'propertyNames', 'contains'])
const LISTS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems', 'items'])
const TABLES: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions'])
const TYPES: ReadonlySet<JsonValue | undefined> = new Set([
  'string',
  'number',
  'integer',
  'boolean',
  'null',
  'array',
  'object',
])
const MAX_DEPTH = 100

const optionsRows = optionsSchema<ZodFromJsonSchemaOptions>()(() => ({ onWarning: callable }))

/**
 * Converts a JSON Schema to a schema of zod, with the given zod. What zod cannot check is left out, with a warning; the rest is
 * checked. The way back is the zod schema itself, which tools and formats take.
 */
export function zodFromJsonSchema<Made>(
  z: ZodLibrary<Made>,
  schema: JsonObject,
  options: ZodFromJsonSchemaOptions = {},
): Made {
  const given = { z: required(withMethods('fromJSONSchema')), schema: argument.object }
  checkArguments('zodFromJsonSchema', given, { z, schema })
  checkOptions('zodFromJsonSchema', optionsRows, options)
  const { onWarning } = options
  const warn = (path: string, problem: string): void =>
    callSafely(() => onWarning?.({ path, message: `${problem}; values pass unchecked there` }))
  const clean = new Cleaner(schema, warn).clean(schema, '', 0) as JsonDraft
  try {
    return z.fromJSONSchema(clean)
  } catch (error) {
    warn('', error instanceof Error ? error.message : String(error))
    return z.fromJSONSchema({})
  }
}

/** Copies a schema without the words that zod cannot check. */
class Cleaner {
  readonly #root: JsonObject
  readonly #warn: (path: string, problem: string) => void

  constructor(root: JsonObject, warn: (path: string, problem: string) => void) {
    this.#root = root
    this.#warn = warn
  }

  clean(schema: JsonValue | undefined, path: string, depth: number): JsonValue | undefined {
    if (!isObject(schema)) return schema
    if (depth > MAX_DEPTH) {
      this.#warn(path, 'the schema is nested too deeply')
      return {}
    }
    const copy: JsonDraft = {}
    for (const [word, value] of Object.entries(schema)) {
      const at = path === '' ? word : `${path}.${word}`
      const problem = this.#problemOf(word, value)
      if (problem !== undefined) this.#warn(at, problem)
      else copy[word] = this.#inner(word, value, { at, depth })
    }
    return copy
  }

  #inner(
    word: string,
    value: JsonValue | undefined,
    { at, depth }: { readonly at: string; readonly depth: number },
  ): JsonValue | undefined {
    const inside = (one: JsonValue | undefined, name: string | number): JsonValue | undefined =>
      this.clean(one, `${at}.${name}`, depth + 1)
    if (LISTS.has(word) && Array.isArray(value))
      return (value as readonly JsonValue[]).map((one, index) => inside(one, index) as JsonValue)
    if (TABLES.has(word) && isObject(value))
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inside(one, name)]))
    return SCHEMAS.has(word) ? this.clean(value, at, depth + 1) : value
  }

  #problemOf(word: string, value: JsonValue | undefined): string | undefined {
    if (UNSUPPORTED.has(word)) return `zod has no "${word}"`
    if (word === 'not' && !(isObject(value) && Object.keys(value).length === 0)) return 'zod has no "not"'
    if (word === '$ref' && !(typeof value === 'string' && isObject(lookup(this.#root, value))))
      return `the reference ${JSON.stringify(value)} leads nowhere in this schema`
    if (word === 'type' && ![value].flat().every((type) => TYPES.has(type)))
      return `there is no type ${JSON.stringify(value)}`
    return word === 'pattern' && !isPattern(value) ? 'the pattern is no regular expression' : undefined
  }
}

function isPattern(value: JsonValue | undefined): boolean {
  try {
    return typeof value === 'string' && new RegExp(value) instanceof RegExp
  } catch {
    return false
  }
}
