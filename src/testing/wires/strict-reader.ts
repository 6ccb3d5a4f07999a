import type { JsonObject } from '../../core/json.ts'
import { JsonReader } from '../../protocols/index.ts'

/** Rejects a request as the format's vendor does. Called with the dotted path of a field and the problem. Never returns. */
export type Reject = (path: string, problem: string) => never

/** Reads typed fields of a JSON object by a vendor's rules: the first invalid field rejects the request. */
export class StrictReader extends JsonReader {
  readonly value: JsonObject
  readonly #reject: Reject

  constructor(value: Record<string, unknown>, path: string, reject: Reject) {
    super(value, path, reject)
    this.value = value as JsonObject
    this.#reject = reject
  }

  reject(name: string, problem: string): never {
    return this.#reject(this.at(name), problem)
  }

  /** Returns the first field name that is not among `known`. */
  unknown(known: ReadonlySet<string>): string | undefined {
    return Object.keys(this.value).find((name) => !known.has(name))
  }

  override texts(name: string): readonly string[] | undefined {
    const odd = this.list(name)?.some((value) => typeof value !== 'string') === true
    return odd ? this.reject(name, 'must be a list of strings') : super.texts(name)
  }

  override requiredObject(name: string): this {
    return super.requiredObject(name) ?? this.reject(name, 'is required')
  }
}
