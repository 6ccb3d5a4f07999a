import { TemplateFault } from './fault.ts'
import type { TemplateLimits } from './limits.ts'
import { Dict, type Value } from './value.ts'

const NOT_PLAIN =
  'holds an object that is not plain JSON (a class instance, a Map, a Date, an Error …); pass its fields'

/**
 * Copies the named fields of the caller's data, in the order of `names`. Reads only own enumerable data properties, so
 * no code of the data runs, Proxy traps excepted. Leaves out functions and symbols, as JSON does. Throws a
 * `TemplateFault` for accessors and for objects that are neither plain objects nor arrays.
 */
export function importData(data: unknown, names: readonly string[], limits: TemplateLimits): Value[] {
  const values: Value[] = []
  if (names.length === 0) return values
  if (data === undefined || data === null) {
    for (let index = 0; index < names.length; index++) values.push(undefined)
    return values
  }
  if (typeof data !== 'object' || Array.isArray(data) || !isPlain(data))
    throw new TemplateFault(`the data must be a plain object, not ${typeName(data)}; pass { name: value }`, 0)
  const importer = new Importer(limits)
  for (const name of names) values.push(importer.field(data, name))
  return values
}

class Importer {
  readonly #limits: TemplateLimits
  #left: number
  #name = ''

  constructor(limits: TemplateLimits) {
    this.#limits = limits
    this.#left = limits.maxDataNodes
  }

  /** Copies one top-level field. */
  field(data: object, name: string): Value {
    const descriptor = Object.getOwnPropertyDescriptor(data, name)
    if (descriptor === undefined || descriptor.enumerable !== true) return undefined
    this.#name = name
    return this.#read(descriptor, 1)
  }

  #read(descriptor: PropertyDescriptor, depth: number): Value {
    if (!Object.hasOwn(descriptor, 'value')) this.#refuse('holds a getter or setter; pass its value')
    const value: unknown = descriptor.value
    switch (typeof value) {
      case 'string':
      case 'number':
      case 'boolean':
        return value
      case 'object':
        return value === null ? null : this.#copy(value, depth)
      case 'bigint':
        return this.#refuse('holds a BigInt; pass a number or a text')
      default:
        return undefined
    }
  }

  #copy(value: object, depth: number): Value {
    if (depth > this.#limits.maxDataDepth)
      this.#refuse(
        `is circular or nested more than ${this.#limits.maxDataDepth} deep; flatten it or raise limits.maxDataDepth`,
      )
    if (Array.isArray(value)) return this.#list(value, depth)
    if (!isPlain(value)) this.#refuse(NOT_PLAIN)
    const keys = Object.keys(value)
    this.#count(keys.length)
    const dict = new Dict()
    for (const key of keys) {
      if (key === '__proto__') continue
      const descriptor = Object.getOwnPropertyDescriptor(value, key)
      if (descriptor === undefined || isNoData(descriptor.value)) continue
      dict[key] = this.#read(descriptor, depth + 1)
    }
    return dict
  }

  #list(source: readonly unknown[], depth: number): Value {
    const { length } = source
    this.#count(length)
    const list: Value[] = []
    for (let index = 0; index < length; index++) {
      const descriptor = Object.getOwnPropertyDescriptor(source, index)
      list.push(descriptor === undefined ? undefined : this.#read(descriptor, depth + 1))
    }
    return list
  }

  #count(nodes: number): void {
    this.#left -= nodes + 1
    if (!(this.#left >= 0))
      this.#refuse(
        `holds more than ${this.#limits.maxDataNodes} values; pass less data or raise limits.maxDataNodes`,
      )
  }

  #refuse(reason: string): never {
    throw new TemplateFault(`the data \`${this.#name}\` ${reason}`, 0)
  }
}

function typeName(data: unknown): string {
  if (Array.isArray(data)) return 'an array'
  return typeof data === 'object' ? 'a class instance' : `a ${typeof data}`
}

const isNoData = (value: unknown): boolean => typeof value === 'function' || typeof value === 'symbol'

// An object of another realm (a vm, an iframe) has another Object.prototype, whose own prototype is null too.
function isPlain(value: object): boolean {
  const above: unknown = Object.getPrototypeOf(value)
  return above === null || above === Object.prototype || Object.getPrototypeOf(above) === null
}
