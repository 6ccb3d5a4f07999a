import { LlmError, type Issue } from './error.ts'
import { isObject } from './json.ts'
import {
  anyObject,
  callable,
  checkField,
  kind,
  listOf,
  problem,
  required,
  text,
  type Field,
} from './schema.ts'
import { typeName } from './show-value.ts'

/**
 * Checks the arguments of the public function `where`, by name. Throws `invalid-request` with the path of the first problem in
 * its message and all of them in `issues`. `undefined` is a problem for a `required` field alone.
 */
export function checkArguments(where: string, fields: Readonly<Record<string, Field>>, given: unknown): void {
  if (!isObject(given))
    throw new LlmError('invalid-request', `${where} takes an object; got ${typeName(given)}`)
  const issues: Issue[] = []
  for (const [name, field] of Object.entries(fields)) {
    const value = given[name]
    if (value !== undefined) checkField(field, value, name, issues)
    else if (field.isRequired === true)
      issues.push({ path: name, message: problem(field.expected, undefined) })
  }
  const [first] = issues
  if (first === undefined) return
  throw new LlmError('invalid-request', `${where}: ${first.path} ${first.message}`, { issues })
}

const anything = kind('any value', () => true)
const list = listOf(anything)
const objects = listOf(anyObject)
const anyNumber = kind('a number', (value) => typeof value === 'number' && !Number.isNaN(value))

type Kind = 'text' | 'list' | 'objects' | 'object' | 'function' | 'number'

/** The kinds of arguments that may be absent. */
export const optional: Readonly<Record<Kind, Field>> = {
  text,
  list,
  objects,
  object: anyObject,
  function: callable,
  number: anyNumber,
}

/** The kinds of arguments that must be there. */
export const argument: Readonly<Record<Kind, Field>> = {
  text: required(text),
  list: required(list),
  objects: required(objects),
  object: required(anyObject),
  function: required(callable),
  number: required(anyNumber),
}
