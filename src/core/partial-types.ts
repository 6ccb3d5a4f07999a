import type { JsonValue } from './json.ts'

/**
 * A value of which parts are missing: fields are optional, lists end early, texts may be cut. Unlike a literal type says, a
 * text of it may be its beginning.
 */
export type DeepPartial<T> = unknown extends T
  ? JsonValue
  : T extends readonly (infer Item)[]
    ? readonly DeepPartial<Item>[]
    : T extends Date | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
      ? JsonValue
      : T extends object
        ? { readonly [Name in keyof T]?: DeepPartial<T[Name]> }
        : T

type MaxDepth = 4

/** The lists inside a value: names with dots between them, at most four deep. Any text if the value has no type. */
export type ListPath<T> = JsonValue extends T ? string : unknown extends T ? string : PathIn<T, []>

type PathIn<T, Depth extends readonly 0[]> = Depth['length'] extends MaxDepth
  ? never
  : T extends readonly unknown[]
    ? never
    : T extends object
      ? { [Name in keyof T & string]-?: PathOf<Name, NonNullable<T[Name]>, Depth> }[keyof T & string]
      : never

type PathOf<Name extends string, Field, Depth extends readonly 0[]> = Field extends readonly unknown[]
  ? Name
  : `${Name}.${PathIn<Field, [...Depth, 0]>}`

/** The items of the list at a path of a value. Without a path: of the list that is the value. */
export type ItemAt<T, Path extends string | undefined> = JsonValue extends T
  ? JsonValue
  : unknown extends T
    ? JsonValue
    : ItemOf<Path extends string ? ValueAt<T, Path> : T>

type ItemOf<T> = T extends readonly (infer Item)[] ? Item : never

type ValueAt<T, Path extends string> = Path extends `${infer Name}.${infer Rest}`
  ? ValueAt<FieldOf<T, Name>, Rest>
  : FieldOf<T, Path>

type FieldOf<T, Name extends string> = T extends object ? (Name extends keyof T ? T[Name] : never) : never
