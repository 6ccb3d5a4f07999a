import type { Fragment } from '../../core/dialect.ts'
import { listOf, type JsonValue } from '../../core/json.ts'
import { joinBlocks } from './thoughts.ts'

/** Holds the pieces of reasoning blocks, and delivers each block whole: before what follows it, or at the end. */
export class HeldBlocks {
  readonly #held = new Map<number | undefined, JsonValue[]>()

  /** Takes the pieces out of the fragments from index `from` on, and places the whole blocks. */
  pass(out: Fragment[], from: number): void {
    if (this.#held.size === 0 && !out.slice(from).some(holdsBlocks)) return
    for (const fragment of out.splice(from)) {
      if (fragment.type === 'reasoning-delta' && fragment.details !== undefined) {
        const { details, choice, ...rest } = fragment
        this.#held.set(choice, [...(this.#held.get(choice) ?? []), ...(listOf(details) as JsonValue[])])
        if (rest.text !== '') out.push({ ...rest, ...(choice === undefined ? undefined : { choice }) })
        continue
      }
      if (fragment.type !== 'reasoning-delta' && fragment.type !== 'meta') this.end(out)
      out.push(fragment)
    }
  }

  end(out: Fragment[]): void {
    for (const [choice, pieces] of this.#held)
      out.push({
        type: 'reasoning-delta',
        text: '',
        details: joinBlocks(pieces),
        ...(choice === undefined ? undefined : { choice }),
      })
    this.#held.clear()
  }
}

function holdsBlocks(fragment: Fragment): boolean {
  return fragment.type === 'reasoning-delta' && fragment.details !== undefined
}
