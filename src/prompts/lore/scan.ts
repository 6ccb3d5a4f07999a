import { systemClock } from '../../core/clock.ts'
import { estimateTokens } from '../../core/tokens.ts'
import { createYielder, type YieldWhenDue } from '../../core/yield.ts'
import { compilePattern, readRegexKey } from '../dictionary/index.ts'
import type { LoreBook, LoreEntry } from './book.ts'
import { foldCase, says } from './key.ts'

/** What a scan reads. */
export interface LoreScan {
  /** The conversation, newest last. */
  readonly messages: readonly { readonly role: string; readonly text: string }[]
  /** Number of the greeting that the conversation began with, if it is known. */
  readonly greeting?: number | undefined
  /** Number of newest messages that are read if the book does not say. */
  readonly scanDepth: number
  /** Maximum tokens of the entries of one book if it does not say. */
  readonly tokenBudget: number
  /** Replaces the macros of keys and contents. */
  readonly fill: (text: string) => string
  readonly random: () => number
  readonly warn: (message: string) => void
}

/** An entry that applies, with its macros replaced. */
export interface LoreHit {
  readonly entry: LoreEntry
  readonly text: string
}

const MAX_TEXT_CHARS = 50_000
const MAX_ROUNDS = 5
// Characters compared with keys. A book that needs more is not scanned to its end.
const MAX_WORK = 500_000_000
const REGEX_WORK = 20

/** Returns the entries of a book that apply to a conversation, in their order. Reads a bounded number of characters. */
export async function scanLore(book: LoreBook, scan: LoreScan): Promise<readonly LoreHit[]> {
  const found = await new Scanner(book, scan).run()
  return withinBudget(found, book.tokenBudget ?? scan.tokenBudget, scan.warn)
}

class Scanner {
  readonly #book: LoreBook
  readonly #scan: LoreScan
  readonly #yieldWhenDue: YieldWhenDue = createYielder(systemClock)
  readonly #windows = new Map<number, Said>()
  readonly #replies: number
  #work = 0

  constructor(book: LoreBook, scan: LoreScan) {
    this.#book = book
    this.#scan = scan
    this.#replies = scan.messages.filter(({ role }) => role === 'assistant').length
  }

  async run(): Promise<readonly LoreHit[]> {
    const { entries, isRecursive } = this.#book
    const found = new Map<LoreEntry, LoreHit>()
    let left = entries.filter((entry) => this.#isPossible(entry))
    let added: readonly LoreHit[] = await this.#matching(left, undefined)
    for (let round = 0; added.length > 0; round++) {
      for (const hit of added) found.set(hit.entry, hit)
      left = left.filter((entry) => !found.has(entry) && entry.isTriggered)
      if (!isRecursive || round === MAX_ROUNDS) break
      const said = added
        .filter(({ entry }) => entry.triggers)
        .map(({ entry }) => withoutComments(entry.content))
      added = await this.#matching(left, saidOf(this.#scan.fill(said.join('\n'))))
    }
    return [...found.values()].toSorted((a, b) => a.entry.order - b.entry.order)
  }

  #isPossible({ active, onlyAfter, onlyEvery, greeting, probability }: LoreEntry): boolean {
    const { random, greeting: begun } = this.#scan
    return (
      active !== 'off' &&
      this.#replies >= onlyAfter &&
      this.#replies % onlyEvery === 0 &&
      (greeting === undefined || begun === undefined || greeting === begun) &&
      (probability >= 100 || random() * 100 < probability)
    )
  }

  async #matching(entries: readonly LoreEntry[], recursed: Said | undefined): Promise<readonly LoreHit[]> {
    const hits: LoreHit[] = []
    for (const entry of entries) {
      await this.#yieldWhenDue()
      if (this.#work > MAX_WORK) {
        this.#scan.warn(
          'The lore book is too large: only its first entries were compared with the conversation.',
        )
        break
      }
      if (!(await this.#applies(entry, recursed ?? this.#window(entry)))) continue
      const text = this.#scan.fill(entry.content).trim()
      if (text !== '') hits.push({ entry, text })
    }
    return hits
  }

  async #applies(entry: LoreEntry, said: Said): Promise<boolean> {
    if (entry.active === 'on') return true
    const { keys, secondaryKeys, secondary, additionalKeys, excludedKeys } = entry
    if (!(await this.#saysAny(keys, entry, said))) return false
    if (additionalKeys.length > 0 && !(await this.#saysAny(additionalKeys, entry, said))) return false
    if (!entry.isRegex && (await this.#saysAny(excludedKeys, entry, said))) return false
    if (secondaryKeys.length === 0) return true
    switch (secondary) {
      case 'any':
        return this.#saysAny(secondaryKeys, entry, said)
      case 'not-any':
        return !(await this.#saysAny(secondaryKeys, entry, said))
      case 'all':
        return this.#saysAll(secondaryKeys, entry, said)
      case 'not-all':
        return !(await this.#saysAll(secondaryKeys, entry, said))
    }
  }

  async #saysAny(keys: readonly string[], entry: LoreEntry, said: Said): Promise<boolean> {
    for (const key of keys) if (await this.#says(key, entry, said)) return true
    return false
  }

  async #saysAll(keys: readonly string[], entry: LoreEntry, said: Said): Promise<boolean> {
    for (const key of keys) if (!(await this.#says(key, entry, said))) return false
    return true
  }

  async #says(given: string, entry: LoreEntry, said: Said): Promise<boolean> {
    const { caseSensitive, isRegex, words } = entry
    this.#work += said.text.length * (isRegex ? REGEX_WORK : 1)
    if (isRegex) return this.#matches(given, caseSensitive, said.text)
    const key = this.#scan.fill(given)
    return says(caseSensitive ? said.text : said.folded, caseSensitive ? key : foldCase(key), words)
  }

  // A pattern that is invalid, or takes too many steps, is no match.
  async #matches(key: string, caseSensitive: boolean, text: string): Promise<boolean> {
    const { source = key, flags = '' } = readRegexKey(key) ?? {}
    const rest = { caseSensitive: caseSensitive || readRegexKey(key) !== undefined, wholeWord: false }
    const compiled = compilePattern({ type: 'regex', pattern: source, flags, ...rest })
    if ('problem' in compiled) return false
    try {
      return (await compiled.finder.spans(text, this.#yieldWhenDue)).length > 0
    } catch {
      return false
    }
  }

  #window({ scanDepth: own }: LoreEntry): Said {
    const depth = own ?? this.#book.scanDepth ?? this.#scan.scanDepth
    const known = this.#windows.get(depth)
    if (known !== undefined) return known
    const { messages } = this.#scan
    const read = depth === 0 ? [] : messages.slice(-depth)
    const said = saidOf(read.map(({ text }) => text.slice(-MAX_TEXT_CHARS)).join('\n'))
    this.#windows.set(depth, said)
    return said
  }
}

interface Said {
  readonly text: string
  readonly folded: string
}

function saidOf(all: string): Said {
  const text = all.slice(-MAX_TEXT_CHARS)
  return { text, folded: foldCase(text) }
}

// What is written for the reader of a card is no reason for an entry.
function withoutComments(content: string): string {
  return content
    .replaceAll(/\{\{\s*(?:\/\/|comment:)[^{}]*\}\}/gi, '')
    .replaceAll(/\{\{\s*hidden_key:([^{}]*)\}\}/gi, '$1')
}

function withinBudget(hits: readonly LoreHit[], budget: number, warn: LoreScan['warn']): readonly LoreHit[] {
  const tokens = new Map(hits.map((hit) => [hit, estimateTokens(hit.text)]))
  let sum = [...tokens.values()].reduce((total, count) => total + count, 0)
  if (sum <= budget) return hits
  const dropped = new Set<LoreHit>()
  // Of equal priority, the last one goes first.
  for (const hit of hits.toReversed().toSorted((a, b) => a.entry.priority - b.entry.priority)) {
    if (sum <= budget) break
    dropped.add(hit)
    sum -= tokens.get(hit) ?? 0
  }
  warn(
    `${dropped.size} of ${hits.length} lore entries were left out: they exceed the budget of ${budget} tokens.`,
  )
  return hits.filter((hit) => !dropped.has(hit))
}
