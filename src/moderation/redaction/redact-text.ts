import type { ReasoningDelta, StreamEvent, TextDelta } from '../../core/event.ts'
import type { TokenLogprob } from '../../core/response.ts'
import { runScan, type SettledRange, type TextScan } from './redact-scan.ts'

type Delta = TextDelta | ReasoningDelta

/** An event or log probabilities at a position in the text, held until the text before it is settled. */
type Item =
  | { readonly at: number; readonly event: StreamEvent }
  | { readonly at: number; readonly from: number; readonly logprobs: readonly TokenLogprob[] }

/** Redacts one text or one thought of an answer, as it arrives in pieces. */
export class TextRedactor {
  readonly type: Delta['type']
  readonly #choice: number | undefined
  readonly #scan: TextScan
  /** The vendor's id of a thought. */
  id: string | undefined
  /** Whether something was replaced, which makes a vendor's signature invalid. */
  touched = false
  #source = ''
  #base = 0
  readonly #items: Item[] = []
  #lastReplaced = 0
  #text = ''
  #logprobs: TokenLogprob[] = []

  constructor(type: Delta['type'], choice: number | undefined, scan: TextScan) {
    this.type = type
    this.#choice = choice
    this.#scan = scan
  }

  get blocked(): boolean {
    return this.#scan.blocked
  }

  /** Whether text is held back. */
  get holds(): boolean {
    return this.#source !== '' || this.#items.length > 0
  }

  /** Adds a piece of text, and the settled events to `out`. */
  *take(event: Delta, out: StreamEvent[]): Generator<undefined, void> {
    const wasEmpty = !this.holds
    const from = this.#base + this.#source.length
    this.#source += event.text
    const at = from + event.text.length
    const logprobs = event.type === 'text-delta' ? event.logprobs : undefined
    this.#scan.push(event.text)
    let isFirst = true
    yield* runScan(this.#scan, (settled) => {
      const [only] = settled
      // The usual case: nothing was held and nothing is.
      if (isFirst && wasEmpty && settled.length === 1 && only?.to === at && only.replacement === undefined) {
        this.#source = ''
        this.#base = at
        out.push(this.#delta(event.text, logprobs))
        return
      }
      if (isFirst && logprobs !== undefined) this.#items.push({ at, from, logprobs })
      isFirst = false
      this.#settle(settled, out)
    })
  }

  /** Places an event after the text so far. */
  place(event: StreamEvent, out: StreamEvent[]): void {
    if (!this.holds) out.push(event)
    else this.#items.push({ at: this.#base + this.#source.length, event })
  }

  /** Ends the text, which settles all of it. */
  *end(out: StreamEvent[]): Generator<undefined, void> {
    this.#scan.end()
    yield* runScan(this.#scan, (settled) => this.#settle(settled, out))
  }

  #settle(settled: readonly SettledRange[], out: StreamEvent[]): void {
    for (const range of settled) this.#pass(range, out)
    this.#flush(out)
  }

  #pass({ to, replacement }: SettledRange, out: StreamEvent[]): void {
    if (replacement !== undefined) {
      this.touched = true
      this.#text += replacement
      this.#lastReplaced = to
      this.#drop(to)
    }
    while (this.#items.length > 0 && (this.#items[0] as Item).at <= to) {
      const item = this.#items.shift() as Item
      this.#copy(item.at)
      if ('event' in item) {
        this.#flush(out)
        const event = this.touched ? withoutPosition(item.event) : item.event
        if (event !== undefined) out.push(event)
      } else if (item.from >= this.#lastReplaced) this.#logprobs.push(...item.logprobs)
    }
    this.#copy(to)
  }

  #copy(to: number): void {
    if (to <= this.#base) return
    this.#text += this.#source.slice(0, to - this.#base)
    this.#drop(to)
  }

  #drop(to: number): void {
    this.#source = this.#source.slice(to - this.#base)
    this.#base = to
  }

  #flush(out: StreamEvent[]): void {
    if (this.#text === '' && this.#logprobs.length === 0) return
    out.push(this.#delta(this.#text, this.#logprobs.length === 0 ? undefined : this.#logprobs))
    this.#text = ''
    this.#logprobs = []
  }

  #delta(text: string, logprobs: readonly TokenLogprob[] | undefined): Delta {
    const choice = this.#choice === undefined ? undefined : { choice: this.#choice }
    if (this.type === 'text-delta')
      return { type: 'text-delta', text, ...choice, ...(logprobs === undefined ? undefined : { logprobs }) }
    return {
      type: 'reasoning-delta',
      text,
      ...choice,
      ...(this.id === undefined ? undefined : { id: this.id }),
    }
  }
}

// A changed text makes signatures and positions in it invalid.
function withoutPosition(event: StreamEvent): StreamEvent | undefined {
  if (event.type === 'text-delta') return undefined
  if (event.type !== 'citation') return event
  const { start: _start, end: _end, ...kept } = event
  return kept
}
