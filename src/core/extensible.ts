import type { JsonObject } from './json.ts'
import type { WireOptions } from './provider-options.ts'

/** Fields that a dialect merges into the wire form of a message, part or tool. One object for each place of a request. */
export interface WireFields {
  readonly fields: JsonObject
  /** Path of the place in the request. */
  readonly path: string
  /** Whether a dialect has merged them. */
  placed: boolean
}

/** What messages, parts and tools have besides their own fields. */
export interface Extensible {
  /** Fields of single providers, merged into the message, part or tool on the wire. */
  readonly providerOptions?: WireOptions | undefined
  /** Those of the target, while a request is rendered. */
  readonly wire?: WireFields | undefined
}
