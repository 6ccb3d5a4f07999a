import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'

/** How a format's vendor refuses a field: `path` is where it is, `problem` what is wrong. Never returns. */
export type Refuse = (path: string, problem: string) => never

/** A JSON object and where it is, to read typed fields from. What is of another type is refused. */
export class Fields {
  readonly value: JsonObject
  readonly path: string
  readonly #refuse: Refuse

  constructor(value: JsonObject, path: string, refuse: Refuse) {
    this.value = value
    this.path = path
    this.#refuse = refuse
  }

  /** Dotted path of a field. */
  at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`
  }

  refuse(name: string, problem: string): never {
    return this.#refuse(this.at(name), problem)
  }

  /** The first field that is not among `known`. */
  unknown(known: ReadonlySet<string>): string | undefined {
    return Object.keys(this.value).find((name) => !known.has(name))
  }

  has(name: string): boolean {
    return this.value[name] !== undefined && this.value[name] !== null
  }

  text(name: string): string | undefined {
    return this.#typed(name, 'a string', (value) => typeof value === 'string')
  }

  /** A string that must be there and not be empty. */
  required(name: string): string {
    const text = this.text(name)
    return text === undefined || text === '' ? this.refuse(name, 'is required') : text
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, 'true or false', (value) => typeof value === 'boolean')
  }

  /** A number from `least` to `most`. */
  number(name: string, least: number, most: number): number | undefined {
    const value = this.#typed(name, 'a number', (given): given is number => typeof given === 'number')
    if (value !== undefined && (value < least || value > most))
      this.refuse(name, `must be from ${least} to ${most}, not ${value}`)
    return value
  }

  /** A whole number from `least` to `most`. */
  integer(name: string, least: number, most: number): number | undefined {
    const value = this.number(name, least, most)
    return value === undefined || Number.isInteger(value)
      ? value
      : this.refuse(name, 'must be a whole number')
  }

  /** One of some words. */
  word<W extends string>(name: string, words: readonly W[]): W | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const known = words.find((word) => word === value)
    return known ?? this.refuse(name, `must be one of ${words.join(', ')}`)
  }

  list(name: string): readonly JsonValue[] | undefined {
    return this.#typed(name, 'a list', (value): value is readonly JsonValue[] => Array.isArray(value))
  }

  texts(name: string): readonly string[] | undefined {
    const list = this.list(name)
    const texts = list?.filter((item) => typeof item === 'string')
    return texts?.length === list?.length ? texts : this.refuse(name, 'must be a list of strings')
  }

  object(name: string): Fields | undefined {
    const value = this.#typed(name, 'an object', isJsonObject)
    return value === undefined ? undefined : new Fields(value, this.at(name), this.#refuse)
  }

  /** The items of a list of objects. */
  objects(name: string): readonly Fields[] | undefined {
    return this.list(name)?.map((item, index) => {
      const path = this.at(`${name}.${index}`)
      return isJsonObject(item)
        ? new Fields(item, path, this.#refuse)
        : this.#refuse(path, 'must be an object')
    })
  }

  #typed<T extends JsonValue>(
    name: string,
    what: string,
    isType: (value: JsonValue) => value is T,
  ): T | undefined {
    const value = this.value[name]
    if (value === undefined || value === null) return undefined
    return isType(value) ? value : this.refuse(name, `must be ${what}`)
  }
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return isObject(value)
}
