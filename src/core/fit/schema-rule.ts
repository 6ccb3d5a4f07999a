import type { JsonDraft, JsonObject } from '../json.ts'
import type * as schemaParts from './schema-parts.ts'

/**
 * The part of JSON Schema that a wire takes. Every field that is left out allows all. Lists of words are
 * separated by spaces.
 */
export type SchemaRule = {
  /** Keywords that are sent. Others move into the description. Default: all. */
  readonly keeps?: string | undefined
  /** Keywords that move into the description although `keeps` has them. */
  readonly refuses?: string | undefined
  /** Values that are sent, as text, by keyword: formats, patterns, bounds. Default: all. */
  readonly values?: Readonly<Record<string, RegExp>> | undefined
  /** Form of the root: an object and no union. Other roots are put into an object, or joined to one. */
  readonly root?: 'object' | undefined
  /** `tree`: references without recursion, which is cut. `none`: no references; their targets are sent in place. */
  readonly refs?: 'tree' | 'none' | undefined
  /** Whether a `$ref` must stand alone. */
  readonly loneRefs?: boolean | undefined
  /** Whether objects have the properties listed alone. */
  readonly closed?: boolean | undefined
  /** Whether all properties are required, so that optional ones become nullable. */
  readonly allRequired?: boolean | undefined
  /** Whether an object needs a required property. */
  readonly someRequired?: boolean | undefined
  /** Whether every schema needs a `type`. */
  readonly typed?: boolean | undefined
  /** Changes a schema last, for what no other field says. Its inner schemas follow. */
  readonly last?: ((schema: JsonDraft, parts: typeof schemaParts) => JsonDraft) | undefined
  /** Maximum sizes of one schema. */
  readonly limits?: SchemaSizes | undefined
  /** Maximum sums over the enforced tools of a request. */
  readonly totals?: SchemaSizes | undefined
}

/** Sizes of a fitted schema. The names are words of messages. */
export type SchemaMeasure =
  | 'strict tools'
  | 'properties'
  | 'levels'
  | 'enum values'
  | 'characters'
  | 'optional properties'
  | 'unions'
export type SchemaSizes = Readonly<Partial<Record<SchemaMeasure, number>>>

/** A JSON Schema that a wire takes. Calls share it, so that it is not to be changed. */
export interface FittedSchema {
  readonly schema: JsonObject
  /** Constraints that were moved into descriptions, as `keyword at path`. */
  readonly moved: readonly string[]
  /** What was changed besides, as sentences. */
  readonly changed: readonly string[]
  /** Why the wire cannot enforce the schema as it was given. */
  readonly blocked: readonly string[]
  readonly sizes: SchemaSizes
}
