import type { Fragment } from '../core/dialect.ts'
import { parseJson } from '../core/json.ts'
import type { Frame } from '../core/wire.ts'

// Some servers put another id or some padding into every frame: after so many lessons in vain it is given up.
const MOST_LESSONS = 4
// None of JSON's own signs: such a text cannot be mistaken for what stands between two others.
const PLAIN = /^[^"\\,:{}[\]]+$/

/**
 * Reads the frames that repeat an earlier one in everything but its text, as nearly all of a stream do: the text stands
 * between the same two ends, and it alone is parsed, at a fifth of the cost.
 */
export class DeltaFastPath {
  /** What comes before the text, its opening quote included. */
  #head = ''
  /** What comes after it, from its closing quote on. */
  #tail = ''
  #event: string | undefined
  #type: 'text-delta' | 'reasoning-delta' = 'text-delta'
  #lessons = MOST_LESSONS

  /** The fragment of a frame that fits; `undefined` for one that has to be parsed. */
  read({ data, event }: Frame): Fragment | undefined {
    const head = this.#head
    const tail = this.#tail
    const end = data.length - tail.length
    // Cut and compared: `startsWith` and `endsWith` take as long as parsing.
    if (head === '' || end < head.length || data.slice(0, head.length) !== head) return undefined
    if (data.slice(end) !== tail || event !== this.#event) return undefined
    const text = parseJson(data.slice(head.length - 1, end + 1))
    if (typeof text !== 'string' || text === '') return undefined
    this.#lessons = MOST_LESSONS
    return { type: this.#type, text }
  }

  /** Learns from a parsed frame which gave this one fragment. */
  learn({ data, event }: Frame, fragment: Fragment): void {
    if (this.#lessons === 0) this.#head = ''
    if (this.#lessons === 0 || !isBare(fragment) || !PLAIN.test(fragment.text)) return
    this.#lessons--
    const text = JSON.stringify(fragment.text)
    const at = data.indexOf(text)
    // In one place only, or another field might be taken for it.
    if (at === -1 || data.includes(text, at + 1)) return
    this.#head = copyOf(data.slice(0, at + 1))
    this.#tail = copyOf(data.slice(at + text.length - 1))
    this.#event = event
    this.#type = fragment.type
  }
}

/** True for a text, or a piece of reasoning, and nothing with it. */
function isBare(fragment: Fragment): fragment is Extract<Fragment, { text: string }> {
  const named = fragment.type === 'text-delta' || fragment.type === 'reasoning-delta'
  return named && Object.keys(fragment).length === 2
}

// A slice would keep the whole network read alive that it was cut from.
function copyOf(slice: string): string {
  return JSON.parse(JSON.stringify(slice)) as string
}
