import type { Atom, Look } from './syntax.ts'

/** The class of the place behind the last character. */
export const END = 0
const FIRST = 1
const MOST_KNOWN = 50_000
// Folded to ASCII letters and Å by Unicode, and by no `toLowerCase` of those.
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
 * Characters that no atom of a program tells apart are one class: the engine only ever sees classes. Filled with atoms
 * while a program is built; asked for classes after that.
 */
export class Alphabet {
  readonly #ids = new Map<string, number>()
  readonly #chars = new Map<string, number[]>()
  readonly #natives: NativeAtom[] = []
  readonly #classes = new Map<string, number>()
  readonly #known = new Map<number, number>()
  /** By class: 1 at every atom that has it. */
  readonly members: Uint8Array[] = [new Uint8Array()]
  /** Classes of the characters below 128; 0 where not yet known. */
  readonly ascii: Uint16Array = new Uint16Array(128).fill(0)
  readonly looks: { readonly look: Look; readonly atom: number }[] = []
  readonly #lookIds = new Map<string, number>()

  /** The number of an atom. */
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

  /** The number of a look. */
  look(look: Look): number {
    const atom = look.atom === undefined ? -1 : this.atom(look.atom)
    const key = `${look.side}${atom}${String(look.negate)}${String(look.atEdge)}`
    let id = this.#lookIds.get(key)
    if (id === undefined) {
      id = this.looks.length
      this.looks.push({ look, atom })
      this.#lookIds.set(key, id)
    }
    return id
  }

  /** The class of a character. */
  classOf(code: number): number {
    const known = code < 128 ? this.ascii[code] : this.#known.get(code)
    if (known !== undefined && known !== 0) return known
    const found = this.#find(String.fromCodePoint(code))
    if (code < 128) this.ascii[code] = found
    else {
      if (this.#known.size >= MOST_KNOWN) this.#known.clear()
      this.#known.set(code, found)
    }
    return found
  }

  /** True where the look holds at a place with this class on its side; `undefined` stands for the beginning of the text. */
  holds(id: number, side: number | undefined): boolean {
    const { look, atom } = this.looks[id] as { look: Look; atom: number }
    if (side === undefined || side === END) return look.atEdge
    const member = atom >= 0 && this.members[side]?.[atom] === 1
    return member !== look.negate
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
  const all = [char, lower, char.toUpperCase(), lower.toUpperCase(), FOLDED[lower] ?? '']
  for (const [plain, folded] of Object.entries(FOLDED))
    if (folded === char) all.push(plain, plain.toUpperCase())
  return new Set(
    all.filter((one) => one !== '' && one.length === String.fromCodePoint(one.codePointAt(0) ?? 0).length),
  )
}
