import type { ModerationFinding, Moderator } from './moderator.ts'

const MAX_CHARACTERS = 4_000_000

type Findings = readonly ModerationFinding[]

/** The findings of moderators in texts that they judged, up to four million characters; the oldest are dropped first. */
export class JudgedTexts {
  readonly #found = new WeakMap<Moderator, Map<string, Findings>>()
  readonly #oldest = new Set<{ readonly texts: Map<string, Findings>; readonly key: string }>()
  #characters = 0

  /** The findings of `moderator` under `key`, or `undefined` if it has not judged that text. */
  find(moderator: Moderator, key: string): Findings | undefined {
    return this.#found.get(moderator)?.get(key)
  }

  /** Remembers what a moderator found. */
  add(moderator: Moderator, key: string, findings: Findings): void {
    const texts = this.#found.get(moderator) ?? new Map<string, Findings>()
    this.#found.set(moderator, texts)
    if (texts.has(key)) return
    texts.set(key, findings)
    this.#oldest.add({ texts, key })
    this.#characters += key.length
    for (const entry of this.#oldest) {
      if (this.#characters <= MAX_CHARACTERS) return
      this.#oldest.delete(entry)
      entry.texts.delete(entry.key)
      this.#characters -= entry.key.length
    }
  }
}
