import { rowOf } from '../../core/json.ts'
import type { Atom, Assertion } from './syntax.ts'

/** The class of the end of the text. */
export const END = 0
const FIRST = 1
const MAX_CACHED_CLASSES = 50_000
// Unicode folds these to the letters on the left, which `toLowerCase` does not do.
const FOLDED: Readonly<Record<string, string>> = {
  k: '\u212A',
  s: '\u017F',
  å: '\u212B',
  ω: '\u2126',
  σ: 'ς',
}

interface NativeAtom {
  readonly id: number
  readonly test: RegExp
}

/**
 * Maps characters to classes: characters that no atom of a program distinguishes share a class, and the engine reads
 * classes only. Atoms are added while a program is compiled; classes are computed on demand afterwards.
 */
export class Alphabet {
  readonly #ids = new Map<string, number>()
  readonly #chars = new Map<string, number[]>()
  readonly #natives: NativeAtom[] = []
  readonly #classes = new Map<string, number>()
  readonly #known = new Map<number, number>()
  /** By class, then by atom: 1 if the atom matches the class. */
  readonly members: Uint8Array[] = [new Uint8Array()]
  /** Classes of the characters below 128; 0 if not yet computed. */
  readonly ascii: Uint16Array = new Uint16Array(128).fill(0)
  readonly assertions: { readonly assertion: Assertion; readonly atom: number }[] = []
  readonly #assertionIds = new Map<string, number>()

  /** Adds an atom and returns its number. */
  atom(atom: Atom): number {
    const text = atom.type === 'char' ? atom.char : atom.source
    const key = `${atom.type}${atom.ignoreCase ? 'i' : ''}:${text}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.#ids.size
    this.#ids.set(key, id)
    if (atom.type === 'class')
      this.#natives.push({ id, test: new RegExp(atom.source, atom.ignoreCase ? 'iu' : 'u') })
    else
      for (const char of atom.ignoreCase ? foldsOf(atom.char) : [atom.char]) {
        const atoms = this.#chars.get(char)
        if (atoms === undefined) this.#chars.set(char, [id])
        else atoms.push(id)
      }
    return id
  }

  /** Adds an assertion and returns its number. */
  assertion(assertion: Assertion): number {
    const atom = assertion.atom === undefined ? -1 : this.atom(assertion.atom)
    const key = `${assertion.side}${atom}${String(assertion.negate)}${String(assertion.atEdge)}`
    let id = this.#assertionIds.get(key)
    if (id === undefined) {
      id = this.assertions.length
      this.assertions.push({ assertion, atom })
      this.#assertionIds.set(key, id)
    }
    return id
  }

  /** Returns the class of a character. */
  classOf(code: number): number {
    const known = code < 128 ? this.ascii[code] : this.#known.get(code)
    if (known !== undefined && known !== 0) return known
    const found = this.#find(String.fromCodePoint(code))
    if (code < 128) this.ascii[code] = found
    else {
      if (this.#known.size >= MAX_CACHED_CLASSES) this.#known.clear()
      this.#known.set(code, found)
    }
    return found
  }

  /** Whether an assertion holds next to a character of class `side`. `undefined` is the beginning of the text. */
  holds(id: number, side: number | undefined): boolean {
    const { assertion, atom } = this.assertions[id] as { assertion: Assertion; atom: number }
    if (side === undefined || side === END) return assertion.atEdge
    const member = atom >= 0 && this.members[side]?.[atom] === 1
    return member !== assertion.negate
  }

  #find(char: string): number {
    const atoms = [...(this.#chars.get(char) ?? [])]
    for (const { id, test } of this.#natives) if (test.test(char)) atoms.push(id)
    const key = atoms.join()
    let found = this.#classes.get(key)
    if (found === undefined) {
      found = this.#classes.size + FIRST
      this.#classes.set(key, found)
      const member = new Uint8Array(this.#ids.size)
      for (const id of atoms) member[id] = 1
      this.members.push(member)
    }
    return found
  }
}

function foldsOf(char: string): ReadonlySet<string> {
  const lower = char.toLowerCase()
  const all = [char, lower, char.toUpperCase(), lower.toUpperCase(), rowOf(FOLDED, lower) ?? '']
  for (const [plain, folded] of Object.entries(FOLDED))
    if (folded === char) all.push(plain, plain.toUpperCase())
  return new Set(
    all.filter((one) => one !== '' && one.length === String.fromCodePoint(one.codePointAt(0) ?? 0).length),
  )
}
