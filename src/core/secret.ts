// Node's name of the method that its console calls.
const INSPECT: symbol = Symbol.for('nodejs.util.inspect.custom')
const HIDDEN = '[secret]'

/** A key or token that cannot be printed by accident: only `reveal()` gives it. */
export class Secret {
  // Not a method of the class: a computed name has no place in an isolated declaration.
  static {
    Object.defineProperty(this.prototype, INSPECT, { value: () => HIDDEN })
  }

  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The bare value, for the header that needs it. */
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

/** A key: the text, a {@link Secret}, or a function asked at each call (rotation). Empty text counts as no key. */
export type KeySource = string | Secret | (() => KeyValue | Promise<KeyValue>)
type KeyValue = string | Secret | undefined | null

/** Asks the source. Resolves to `undefined` for no key and for an empty or blank one. */
export async function resolveKey(source: KeySource | undefined): Promise<Secret | undefined> {
  return readKey(typeof source === 'function' ? await source() : source)
}

/** The source, or `undefined` where it is empty or blank text. A function may yet give a key. */
export function nonEmptyKey(source: KeySource | undefined): KeySource | undefined {
  return typeof source === 'function' || readKey(source) !== undefined ? source : undefined
}

/** A key at hand; `undefined` for none and for an empty or blank one. */
export function readKey(value: KeyValue): Secret | undefined {
  if (value === undefined || value === null) return undefined
  const secret = value instanceof Secret ? value : new Secret(value)
  return secret.reveal().trim() === '' ? undefined : secret
}

// The shapes of keys that vendors hand out, and of tokens in headers and query strings.
const KEY_SHAPES: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|xai|pplx|csk|nvapi|r8|hf|fw|tgp|ghp|gho|github_pat|key|ak)[-_][A-Za-z0-9_*.-]{16,}/g,
  /\bAIza[0-9A-Za-z_*-]{10,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{12,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g,
  /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /([?&](?:key|api[-_]?key|token|access_token)=)[^&\s"']+/gi,
]

// What the vendor masked itself is no secret, and says which key was meant.
function isMasked(match: string): boolean {
  return match.includes('***') && match.split('*').every((piece) => piece.length <= 12)
}

/** Takes secrets out of a text: the given values wherever they stand, and whatever is shaped like a vendor's key. */
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
