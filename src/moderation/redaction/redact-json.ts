import { rowOf } from '../../core/json.ts'
import type { JsonValue } from '../../core/json.ts'
import { redactWhole, runScan, type SettledRange, type TextScan } from './redact-scan.ts'

interface Escape {
  /** Position of its character in the decoded string. */
  readonly at: number
  readonly raw: string
}

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }
const PLAIN = /[^"\\]+/y
const LOOSE = /[^"{}[\],:]+/y
// Up to three characters outside of strings hold nothing to redact, and neither do JSON's keywords.
const HARMLESS = /^\s*(?:true|false|null|[^\s]{0,3})\s*$/

/**
 * Redacts JSON text that arrives in pieces. Strings are scanned in decoded form and keep their escapes. A replaced value
 * outside of strings, such as a number, becomes a string. Valid JSON stays valid.
 */
export class JsonRedactor {
  readonly #open: () => TextScan
  #scan: TextScan | undefined
  /** An unfinished number or keyword, and an unfinished escape. */
  #loose = ''
  #escape = ''
  #source = ''
  #base = 0
  #escapes: Escape[] = []
  #out = ''
  blocked = false
  /** Whether any text arrived. */
  used = false
  /** Whether a number was replaced. Its text may have digits that the parsed number lacks. */
  replacedNumber = false
  /** All text returned so far. */
  text = ''

  constructor(open: () => TextScan) {
    this.#open = open
  }

  /** Adds a piece. Returns the text that is settled. */
  *take(delta: string): Generator<undefined, string> {
    this.used = true
    for (let at = 0; at < delta.length && !this.blocked;)
      at =
        this.#scan === undefined
          ? yield* this.#takeOutside(delta, at)
          : yield* this.#takeInside(delta, at, this.#scan)
    if (this.#scan !== undefined) yield* this.#decide(this.#scan)
    return this.#give()
  }

  /** Ends the text. Returns the rest of it. */
  *end(): Generator<undefined, string> {
    if (this.#scan === undefined) yield* this.#endLoose()
    else {
      this.#plain(this.#escape, this.#scan)
      this.#scan.end()
      yield* this.#decide(this.#scan)
    }
    return this.#give()
  }

  #give(): string {
    const out = this.#out
    this.#out = ''
    this.text += out
    return out
  }

  *#takeOutside(delta: string, at: number): Generator<undefined, number> {
    const sign = delta[at] as string
    if ('{}[],:"'.includes(sign)) {
      yield* this.#endLoose()
      if (this.blocked) return at
      this.#out += sign
      if (sign === '"') this.#beginString()
      return at + 1
    }
    LOOSE.lastIndex = at
    const run = LOOSE.exec(delta)?.[0] ?? ''
    this.#loose += run
    return at + run.length
  }

  *#endLoose(): Generator<undefined, void> {
    const loose = this.#loose
    this.#loose = ''
    if (loose === '' || HARMLESS.test(loose)) {
      this.#out += loose
      return
    }
    const lead = loose.length - loose.trimStart().length
    const token = loose.trim()
    const redacted = yield* redactWhole(this.#open(), token)
    if (redacted === undefined) this.blocked = true
    else if (redacted === token) this.#out += loose
    else {
      this.replacedNumber = true
      this.#out += loose.slice(0, lead) + JSON.stringify(redacted) + loose.slice(lead + token.length)
    }
  }

  #beginString(): void {
    this.#scan = this.#open()
    this.#source = ''
    this.#base = 0
    this.#escapes = []
    this.#escape = ''
  }

  *#takeInside(delta: string, at: number, scan: TextScan): Generator<undefined, number> {
    const sign = delta[at] as string
    if (this.#escape !== '' || sign === '\\') return this.#takeEscape(delta, at, scan)
    if (sign === '"') {
      scan.end()
      yield* this.#decide(scan)
      this.#scan = undefined
      if (!this.blocked) this.#out += '"'
      return at + 1
    }
    PLAIN.lastIndex = at
    const run = PLAIN.exec(delta)?.[0] ?? ''
    this.#plain(run, scan)
    return at + run.length
  }

  #takeEscape(delta: string, at: number, scan: TextScan): number {
    this.#escape += delta[at] as string
    const raw = this.#escape
    const isCode = raw.startsWith('\\u')
    if (raw.length < (isCode ? 6 : 2)) return at + 1
    this.#escape = ''
    const hex = raw.slice(2)
    if (isCode && !/^[0-9a-f]{4}$/i.test(hex)) this.#plain(raw, scan)
    else
      this.#decoded(
        isCode
          ? String.fromCharCode(parseInt(hex, 16))
          : (rowOf(SIMPLE, raw[1] as string) ?? (raw[1] as string)),
        raw,
        scan,
      )
    return at + 1
  }

  #decoded(char: string, raw: string, scan: TextScan): void {
    this.#escapes.push({ at: this.#base + this.#source.length, raw })
    this.#plain(char, scan)
  }

  #plain(text: string, scan: TextScan): void {
    this.#source += text
    scan.push(text)
  }

  *#decide(scan: TextScan): Generator<undefined, void> {
    yield* runScan(scan, (decided) => {
      for (const range of decided) this.#pass(range)
    })
    if (scan.blocked) this.blocked = true
  }

  #pass({ to, replacement }: SettledRange): void {
    if (replacement !== undefined) {
      this.#out += JSON.stringify(replacement).slice(1, -1)
      while ((this.#escapes[0]?.at ?? Infinity) < to) this.#escapes.shift()
      this.#drop(to)
      return
    }
    for (let escape = this.#escapes[0]; escape !== undefined && escape.at < to; escape = this.#escapes[0]) {
      this.#copy(escape.at)
      this.#out += escape.raw
      this.#drop(escape.at + 1)
      this.#escapes.shift()
    }
    this.#copy(to)
  }

  #copy(to: number): void {
    if (to <= this.#base) return
    this.#out += this.#source.slice(0, to - this.#base)
    this.#drop(to)
  }

  #drop(to: number): void {
    this.#source = this.#source.slice(to - this.#base)
    this.#base = to
  }
}

/** A JSON value with its strings, keys and numbers redacted; `undefined` if one of them is blocked. */
export function* redactValue(
  open: () => TextScan,
  value: JsonValue,
): Generator<undefined, JsonValue | undefined> {
  if (typeof value === 'string') return yield* redactWhole(open(), value)
  if (typeof value === 'number') {
    const written = String(value)
    const redacted = yield* redactWhole(open(), written)
    return redacted === written ? value : redacted
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return yield* redactList(open, value)
  const entries: [string, JsonValue][] = []
  for (const [key, held] of Object.entries(value)) {
    const name = yield* redactWhole(open(), key)
    const kept = held === undefined ? null : yield* redactValue(open, held)
    if (name === undefined || kept === undefined) return undefined
    entries.push([name, kept])
  }
  return Object.fromEntries(entries)
}

function* redactList(
  open: () => TextScan,
  list: readonly JsonValue[],
): Generator<undefined, JsonValue | undefined> {
  const kept: JsonValue[] = []
  for (const item of list) {
    const one = yield* redactValue(open, item)
    if (one === undefined) return undefined
    kept.push(one)
  }
  return kept
}
