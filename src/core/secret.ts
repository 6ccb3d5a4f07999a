import { HIDDEN } from './scrub-secrets.ts'

export { scrubSecrets } from './scrub-secrets.ts'

// The method that Node's console calls.
const INSPECT: symbol = Symbol.for('nodejs.util.inspect.custom')

/** A key or token that no log prints: only `reveal()` returns it. */
export class Secret {
  // Defined here, because a declaration file cannot hold a method with a computed name.
  static {
    // Bundlers rename classes.
    Object.defineProperty(this, 'name', { value: 'Secret' })
    Object.defineProperty(this.prototype, INSPECT, { value: () => HIDDEN })
  }

  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }
}

/** A key: text, a {@link Secret}, or a function that is called for each call, for rotation. Empty text counts as no key. */
export type KeySource = string | Secret | (() => KeyValue | Promise<KeyValue>)
type KeyValue = string | Secret | undefined | null

/** Resolves to the key of a source, `undefined` if it is absent or blank. */
export async function resolveKey(source: KeySource | undefined): Promise<Secret | undefined> {
  return readKey(typeof source === 'function' ? await source() : source)
}

/** The source, `undefined` if it is absent or blank. A function is returned without calling it. */
export function nonEmptyKey(source: KeySource | undefined): KeySource | undefined {
  return typeof source === 'function' || readKey(source) !== undefined ? source : undefined
}

/** The key as a {@link Secret}, `undefined` if it is absent or blank. */
export function readKey(value: KeyValue): Secret | undefined {
  if (value === undefined || value === null) return undefined
  const secret = value instanceof Secret ? value : new Secret(value)
  return secret.reveal().trim() === '' ? undefined : secret
}
