import type { JsonValue } from './json.ts'
import type { StandardSchema } from './request.ts'

/** Which values of a schema are meant: those that it is given, or those that a check makes of them. */
type Side = 'input' | 'output'
/** A schema that only says that more fields are allowed says nothing about them. */
type SchemaObject = { readonly [word: string]: unknown }

// Properties with defaults are there after a check.
type RequiredName<Schema, Properties, S extends Side> =
  | (Schema extends { readonly required: readonly (infer Name)[] } ? Name : never)
  | (S extends 'output'
      ? {
          [Name in keyof Properties]: Properties[Name] extends { readonly default: unknown } ? Name : never
        }[keyof Properties]
      : never)

type FieldsOf<Properties, Required, S extends Side> = {
  -readonly [Name in keyof Properties as Name extends Required ? Name : never]: FromJsonSchema<
    Properties[Name],
    S
  >
} & {
  -readonly [Name in keyof Properties as Name extends Required ? never : Name]?: FromJsonSchema<
    Properties[Name],
    S
  >
}

// Inferred once more, so that messages and editors show the fields.
type Shown<T> = T extends infer Fields ? { [Name in keyof Fields]: Fields[Name] } : never

type ObjectOf<Schema, S extends Side> = Schema extends { readonly properties: infer Properties }
  ? string extends keyof Properties
    ? { [name: string]: JsonValue }
    : Schema extends { readonly additionalProperties: infer More extends SchemaObject }
      ? Shown<FieldsOf<Properties, RequiredName<Schema, Properties, S>, S>> & {
          [name: string]: FromJsonSchema<More, S>
        }
      : Shown<FieldsOf<Properties, RequiredName<Schema, Properties, S>, S>>
  : Schema extends { readonly additionalProperties: infer More extends SchemaObject }
    ? { [name: string]: FromJsonSchema<More, S> }
    : { [name: string]: JsonValue }

type ArrayOf<Schema, S extends Side> = Schema extends { readonly items: infer Items extends SchemaObject }
  ? FromJsonSchema<Items, S>[]
  : JsonValue[]

type OfType<Type, Schema, S extends Side> = Type extends 'string'
  ? string
  : Type extends 'number' | 'integer'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends 'null'
        ? null
        : Type extends 'array'
          ? ArrayOf<Schema, S>
          : Type extends 'object'
            ? ObjectOf<Schema, S>
            : JsonValue

/**
 * The type of the values of a JSON Schema that is written `as const`. Words that it does not know, such as `$ref` and `allOf`,
 * give `JsonValue`. Default side: `output`, after the defaults of absent properties are filled in.
 */
export type FromJsonSchema<Schema, S extends Side = 'output'> = Schema extends {
  readonly const: infer Value
}
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly anyOf: readonly (infer Member)[] }
      ? FromJsonSchema<Member, S>
      : Schema extends { readonly oneOf: readonly (infer Member)[] }
        ? FromJsonSchema<Member, S>
        : Schema extends { readonly allOf: unknown } | { readonly $ref: unknown }
          ? JsonValue
          : Schema extends { readonly type: infer Type }
            ? OfType<Type extends readonly (infer One)[] ? One : Type, Schema, S>
            : JsonValue

// Standard Schemas state their types for this purpose alone; the field is never there.
type Stated<Schema, S extends Side> = Schema extends {
  readonly '~standard': { readonly types?: infer Types }
}
  ? NonNullable<Types> extends { readonly [Name in S]: infer Value }
    ? Value
    : unknown
  : unknown

/**
 * What a check by the schema gives: transformed, with defaults. `unknown` if the schema's type says nothing, as that of one
 * that was loaded at run time.
 */
export type SchemaOutput<Schema> = Schema extends StandardSchema
  ? Stated<Schema, 'output'>
  : JsonValue extends FromJsonSchema<Schema>
    ? unknown
    : FromJsonSchema<Schema>

/** What a model writes for the schema: JSON that is not checked yet. */
export type SchemaInput<Schema> = Schema extends StandardSchema
  ? Written<Stated<Schema, 'input'>>
  : FromJsonSchema<Schema, 'input'>

// JSON has no type for some fields, such as dates that the schema reads from text.
type Written<T> = T extends JsonValue
  ? T
  : T extends object
    ? { [Name in keyof T]: T[Name] extends JsonValue | undefined ? T[Name] : JsonValue }
    : JsonValue
