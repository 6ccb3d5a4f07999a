import { LlmError, type Issue } from './error.ts'
import { isFull, pathTo } from './issues.ts'
import { isObject } from './json.ts'
import {
  checkField,
  group,
  problem,
  unknownName,
  type Field,
  type Group,
  type RequiredField,
} from './schema.ts'

/** One field per field of the interface `T`; one that `T` demands is {@link RequiredField}. */
export type Rows<T extends object> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? Field : RequiredField
}

/**
 * The schema of the options `T`, from a function that makes its rows at the first check: `optionsSchema<T>()(() => ({ … }))`.
 * A field of `T` without a row, and a row that `T` does not have, do not compile. A schema is also a field of other schemas.
 */
export function optionsSchema<T extends object = never>(): <R extends Rows<T>>(
  rows: () => R & { readonly [K in Exclude<keyof R, keyof T>]: never },
) => Group {
  return (rows) => group(rows)
}

/**
 * Checks the options that a caller gives to the public function `where`. Throws `misconfigured` with the path of the
 * first problem in its message and all of them in `issues`. `undefined` counts as absent everywhere, and `null` as wrong.
 * `lead` is the path of `value` if that is part of a larger options object.
 */
export function checkOptions(where: string, schema: Group, value: unknown, lead = ''): void {
  const issues: Issue[] = []
  checkFields(schema, value ?? (value === null ? null : {}), issues, { lead })
  const [first] = issues
  if (first === undefined) return
  const path = first.path === '' ? 'options' : first.path
  throw new LlmError('misconfigured', `${where}: ${path} ${first.message}`, { issues })
}

/** How {@link checkFields} reports. */
export interface CheckFieldsOptions {
  /** Path of the object. Default: none. */
  readonly lead?: string | undefined
  /** The message about an unknown name. Default: {@link unknownName}, and `undefined` values are passed over. */
  readonly unknown?: ((name: string, known: readonly string[]) => string) | undefined
}

/**
 * Checks the fields of an object one by one, looking only at those that are there. Returns a copy with defaults filled in;
 * adds one issue per problem to `issues`.
 */
export function checkFields(
  schema: Group,
  value: unknown,
  issues: Issue[],
  { lead = '', unknown }: CheckFieldsOptions = {},
): Record<string, unknown> {
  const checked: Record<string, unknown> = {}
  if (!isObject(value)) {
    issues.push({ path: lead, message: problem('an object', value) })
    return checked
  }
  const fields = schema.fields()
  const pathOf = (name: string): string => pathTo(lead, name)
  for (const name of Object.keys(value)) {
    if (isFull(issues)) return checked
    const given = value[name]
    const other = isObject(given) ? schema.rest : undefined
    const field = Object.hasOwn(fields, name) ? fields[name] : other
    if (field !== undefined) {
      if (given !== undefined) checked[name] = checkField(field, given, pathOf(name), issues)
    } else if (given !== undefined || unknown !== undefined) {
      issues.push({ path: pathOf(name), message: (unknown ?? unknownName)(name, Object.keys(fields)) })
    }
  }
  for (const name of schema.requiredNames()) {
    if (value[name] === undefined)
      issues.push({ path: pathOf(name), message: problem(fields[name]?.expected ?? '', undefined) })
  }
  return checked
}
