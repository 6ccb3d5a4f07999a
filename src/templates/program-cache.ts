import type { Program } from './compile.ts'
import { TemplateFault } from './fault.ts'
import type { TemplateLimits } from './limits.ts'
import type { LayoutOptions } from './parse.ts'

/** The outcome of compiling a source, with the limits and layout that were used. */
export interface CachedProgram {
  readonly outcome: Program | TemplateFault
  readonly limits: TemplateLimits
  readonly layout: LayoutOptions
}

// An entry costs the nodes of its tree, ten for itself, and one per 16 characters of its source.
const ENTRY_NODES = 10
const CHARS_PER_NODE = 16

/** A cache of programs by source. Evicts the least recently used ones if the total size passes `maxNodes`. */
export class ProgramCache {
  readonly #maxNodes: number
  readonly #entries = new Map<string, CachedProgram>()
  #nodes = 0
  #newest: string | undefined

  constructor(maxNodes: number) {
    this.#maxNodes = maxNodes
  }

  get(key: string): CachedProgram | undefined {
    const entry = this.#entries.get(key)
    // The map is ordered by last use; the newest entry is already at its end.
    if (entry === undefined || key === this.#newest) return entry
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    this.#newest = key
    return entry
  }

  set(key: string, entry: CachedProgram): void {
    this.#drop(key)
    this.#entries.set(key, entry)
    this.#newest = key
    this.#nodes += sizeOf(key, entry)
    for (const oldest of this.#entries.keys()) {
      if (this.#nodes <= this.#maxNodes) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#nodes -= sizeOf(key, entry)
    this.#entries.delete(key)
    if (this.#newest === key) this.#newest = undefined
  }
}

function sizeOf(key: string, { outcome }: CachedProgram): number {
  const nodes = outcome instanceof TemplateFault ? 0 : outcome.nodes
  return ENTRY_NODES + nodes + Math.ceil(key.length / CHARS_PER_NODE)
}
