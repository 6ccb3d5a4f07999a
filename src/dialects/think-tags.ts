import type { Dialect, Fragment, TextSplitter } from '../core/dialect.ts'
import { openaiChat } from './openai-chat/index.ts'

/** The chat completions format of such servers: Perplexity, hosts of open models, local servers. */
export const taggedChat: Dialect = withTags(openaiChat)

// A function, because bundlers keep a constant that spreads another.
function withTags(dialect: Dialect): Dialect {
  return Object.freeze({ ...dialect, splitter: createSplitter })
}

/** Creates the splitter of answers that may begin with their reasoning in `<think>` tags, inside the text. */
export function createSplitter(): TextSplitter {
  const all = new Map<number, ThinkTags>()
  return (fragments) => {
    const out: Fragment[] = []
    for (const fragment of fragments) {
      if (fragment.type === 'text-delta') {
        const choice = fragment.choice ?? 0
        let tags = all.get(choice)
        if (tags === undefined) all.set(choice, (tags = new ThinkTags()))
        tags.read(fragment, out)
        continue
      }
      // What was held back comes before other fragments.
      if (fragment.type !== 'meta' && fragment.type !== 'usage')
        for (const [choice, tags] of all) tags.end(choice === 0 ? undefined : choice, out)
      out.push(fragment)
    }
    return out
  }
}

const OPEN = '<think>'
const CLOSE = '</think>'

/**
 * Separates the reasoning that an answer begins with, in `<think>` tags, from its text. Tags inside the text are text. One
 * per answer.
 */
class ThinkTags {
  #state: 'before' | 'inside' | 'after' | 'text' = 'before'
  #held = ''
  #hasThought = false

  /** Adds the fragments of a piece of text to `out`. A piece that may be a part of a tag is held back. */
  read(fragment: Extract<Fragment, { type: 'text-delta' }>, out: Fragment[]): void {
    if (this.#state === 'text') return void out.push(fragment)
    const { text: _text, ...mark } = fragment
    let text = this.#held + fragment.text
    this.#held = ''
    if (this.#state === 'before') {
      const start = text.trimStart()
      if (start.length < OPEN.length && OPEN.startsWith(start)) return this.#hold(text)
      this.#state = start.startsWith(OPEN) ? 'inside' : 'text'
      if (this.#state === 'inside') text = start.slice(OPEN.length)
    }
    if (this.#state === 'inside') text = this.#think(text, mark.choice, out)
    if (this.#state === 'after') text = text.trimStart()
    if (this.#state === 'inside' || text === '') return
    this.#state = 'text'
    out.push({ ...mark, text })
  }

  /** Adds what was held back to `out`. */
  end(choice: number | undefined, out: Fragment[]): void {
    const text = this.#held
    this.#held = ''
    if (text !== '')
      out.push({ type: this.#state === 'inside' ? 'reasoning-delta' : 'text-delta', text, choice })
  }

  #hold(text: string): void {
    this.#held = text
  }

  // Returns the text after the reasoning.
  #think(text: string, choice: number | undefined, out: Fragment[]): string {
    // White space around the tags is a part of neither.
    const thought = this.#hasThought ? text : text.trimStart()
    if (thought !== '') this.#hasThought = true
    return this.#untilClosed(thought, choice, out)
  }

  #untilClosed(text: string, choice: number | undefined, out: Fragment[]): string {
    const at = text.indexOf(CLOSE)
    const end = at === -1 ? text.length - partOfTag(text) : at
    if (end > 0)
      out.push({ type: 'reasoning-delta', text: text.slice(0, end), ...(choice !== undefined && { choice }) })
    if (at === -1) this.#hold(text.slice(end))
    else this.#state = 'after'
    return at === -1 ? '' : text.slice(at + CLOSE.length)
  }
}

// Number of characters at the end that may begin the closing tag.
function partOfTag(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--)
    if (text.endsWith(CLOSE.slice(0, length))) return length
  return 0
}
