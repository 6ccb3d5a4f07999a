import { rowOf, type JsonDraft, type JsonValue } from '../json.ts'
import type { SchemaRule } from './schema-rule.ts'
import { linesOf } from './schema-parts.ts'

/** What was done to a schema beside its words, in the order of {@link FittedSchema}. */
export interface SchemaNotes {
  readonly moved: string[]
  readonly changed: Set<string>
  readonly blocked: Set<string>
}

/** The words of a list that is separated by spaces. */
export function wordsOf(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}

/** The keywords that a rule sends. */
export class SchemaWords {
  readonly rule: SchemaRule
  readonly #keeps: ReadonlySet<string> | undefined
  readonly #refuses: ReadonlySet<string>

  constructor(rule: SchemaRule) {
    this.rule = rule
    this.#keeps = rule.keeps === undefined ? undefined : wordsOf(rule.keeps)
    this.#refuses = wordsOf(rule.refuses ?? '')
  }

  /** Whether a keyword is sent with some value. */
  takes(key: string): boolean {
    return !this.#refuses.has(key) && this.#keeps?.has(key) !== false
  }

  /** Whether a keyword is sent with this value. */
  keeps(key: string, value: JsonValue): boolean {
    return (
      this.takes(key) && rowOf(this.rule.values ?? {}, key)?.test(`${value as string | number}`) !== false
    )
  }
}

/** A path as messages name it. */
export function placeOf(path: string): string {
  return path === '' ? 'the root' : path
}

/** A description with the constraints that the wire refuses as keywords. */
export function withConstraints(description: JsonValue | undefined, lost: JsonDraft): string {
  const { default: preset, ...constraints } = lost
  const told = Object.entries(constraints).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  return linesOf(
    description,
    preset !== undefined && `Default: ${JSON.stringify(preset)}.`,
    told.length > 0 && `Must satisfy ${told.join(', ')}.`,
  )
}
