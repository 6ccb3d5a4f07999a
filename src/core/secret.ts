// The method that Node's console calls.
const INSPECT: symbol = Symbol.for('nodejs.util.inspect.custom')
const HIDDEN = '[secret]'

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

// Formats of vendors' keys, and of tokens in headers and query strings.
const KEY_SHAPES: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|xai|pplx|csk|nvapi|r8|hf|fw|tgp|ghp|gho|github_pat|key|ak)[-_][A-Za-z0-9_*.-]{16,}/g,
  /\bAIza[0-9A-Za-z_*-]{10,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{12,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g,
  /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /([?&](?:key|api[-_]?key|token|access_token)=)[^&\s"']+/gi,
]

// A key that the vendor has masked is no secret, and tells the caller which key was used.
function isMasked(match: string): boolean {
  return match.includes('***') && match.split('*').every((piece) => piece.length <= 12)
}

/** Replaces secrets in a text: the given values, and everything that has the format of a vendor's key. */
export function scrubSecrets(text: string, secrets: readonly (Secret | undefined)[] = []): string {
  let clean = text
  for (const secret of secrets) {
    const value = secret?.reveal()
    if (value !== undefined && value.length >= 4) clean = clean.replaceAll(value, HIDDEN)
  }
  for (const shape of KEY_SHAPES) {
    clean = clean.replace(shape, (match, lead: unknown) => {
      if (isMasked(match)) return match
      return typeof lead === 'string' ? `${lead}${lead.endsWith('=') ? '' : ' '}${HIDDEN}` : HIDDEN
    })
  }
  return clean
}
