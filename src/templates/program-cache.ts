import type { Program } from './compile.ts'
import { TemplateFault } from './fault.ts'
import type { TemplateLimits } from './limits.ts'
import type { LayoutOptions } from './parse.ts'

/** What came of compiling a source, and how it was compiled. */
export interface CachedProgram {
  readonly outcome: Program | TemplateFault
  readonly limits: TemplateLimits
  readonly layout: LayoutOptions
}

// What an entry costs beside its nodes: itself, and its source at 16 characters per node.
const ENTRY_NODES = 10
const CHARS_PER_NODE = 16

/** Keeps the programs that were used last, up to a total size. */
export class ProgramCache {
  readonly #mostNodes: number
  readonly #entries = new Map<string, CachedProgram>()
  #nodes = 0
  #newest: string | undefined

  constructor(mostNodes: number) {
    this.#mostNodes = mostNodes
  }

  get(key: string): CachedProgram | undefined {
    const entry = this.#entries.get(key)
    // The order of the map is that of use; what is at its end already need not move.
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
      if (this.#nodes <= this.#mostNodes) break
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
