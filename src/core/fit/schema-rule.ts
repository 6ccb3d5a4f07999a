import type { JsonObject } from '../json.ts'

/**
 * The part of JSON Schema that a wire takes. Plain data: every field that is left out allows all. Lists of words are
 * separated by spaces.
 */
export type SchemaRule = {
  /** Keywords that are sent. Others move into the description. Default: all. */
  readonly keeps?: string | undefined
  /** Keywords that move into the description although `keeps` has them. */
  readonly refuses?: string | undefined
  /** Values of `format` that are sent. Default: all. */
  readonly formats?: string | undefined
  /** Maximum `minItems` that is sent. */
  readonly minItems?: number | undefined
  /** Whether enums hold text and numbers only. */
  readonly plainEnums?: boolean | undefined
  /** Patterns that are sent: `plain` have no look-around, `anchored` also begin with `^` and end with `$`. */
  readonly patterns?: 'plain' | 'anchored' | undefined
  /**
   * Form of the root. `object`: any other is put into an object. `flat`: also, a union of objects becomes one object with
   * all their properties. `bare`: also, it has nothing but type, properties and required.
   */
  readonly root?: 'object' | 'flat' | 'bare' | undefined
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
  /** Whether `type` is refused beside `anyOf` and belongs into its branches. */
  readonly typeInside?: boolean | undefined
  /** Maximum sizes of one schema. */
  readonly limits?: SchemaSizes | undefined
  /** Maximum sums over the enforced tools of a request. */
  readonly totals?: SchemaSizes | undefined
}

/** Measures of a fitted schema. */
export type SchemaSizes = {
  readonly [Measure in SchemaMeasure]?: number | undefined
}
export type SchemaMeasure = 'tools' | 'properties' | 'depth' | 'enums' | 'chars' | 'optional' | 'unions'

/** A JSON Schema that a wire takes. Calls share it, so that it is not to be changed. */
export interface FittedSchema {
  readonly schema: JsonObject
  /** Constraints that were moved into descriptions, as `keyword at path`. */
  readonly moved: readonly string[]
  /** What was changed besides, as sentences. */
  readonly changed: readonly string[]
  /** Why the wire cannot enforce the schema as it was given. */
  readonly blocked: readonly string[]
  readonly sizes: Readonly<Record<SchemaMeasure, number>>
  /** Description for which the root has no place. */
  readonly about?: string | undefined
}
