import { limitFault, TemplateFault } from './fault.ts'
import type { TemplateLimits } from './limits.ts'
import type { nodes } from './parse.ts'
import type { Expression, Statement } from './tree.ts'

// One level of nesting in the source gives at most about three levels in the tree.
const LEVELS_PER_NESTING = 3

/** The two mutually recursive readers. */
export interface Readers {
  expression(reading: Reading, node: nodes.AnyNode): Expression
  statements(reading: Reading, node: nodes.AnyNode | null): Statement[]
}

/** The state of reading a syntax tree: line, number of nodes, depth, and the names that the current frame sets. */
export class Reading {
  /** Names that the current frame sets. */
  names: Set<string> = new Set()
  /** Number of reads of the name `loop`. */
  loopReads = 0
  line = 1
  readonly #readers: Readers
  readonly #limits: TemplateLimits
  #nodes = 0
  #depth = 0

  constructor(readers: Readers, limits: TemplateLimits) {
    this.#readers = readers
    this.#limits = limits
  }

  get nodes(): number {
    return this.#nodes
  }

  fail(reason: string): never {
    throw new TemplateFault(reason, this.line)
  }

  /** Counts a node and sets the current line to its line. */
  count(node: nodes.Node): void {
    if (++this.#nodes > this.#limits.maxNodes)
      throw limitFault(`more than ${this.#limits.maxNodes} nodes`, 'maxNodes', this.line)
    if (node.lineno !== undefined) this.line = node.lineno + 1
  }

  expression(node: nodes.AnyNode): Expression {
    return this.#deeper(() => this.#readers.expression(this, node))
  }

  statements(node: nodes.AnyNode | null): Statement[] {
    return this.#deeper(() => this.#readers.statements(this, node))
  }

  /** Reads in a new frame. Returns the result and the names that the frame sets. */
  inFrame<T>(read: () => T): { readonly read: T; readonly names: ReadonlySet<string> } {
    const outer = this.names
    const names = new Set<string>()
    this.names = names
    const found = read()
    this.names = outer
    return { read: found, names }
  }

  /** Returns the name that a node must be. Fails otherwise, naming `where`. */
  name(node: nodes.AnyNode, where: string): string {
    this.count(node)
    return node.typename === 'Symbol' ? node.value : this.fail(`${where} must be a plain name`)
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > this.#limits.maxNesting * LEVELS_PER_NESTING)
      throw limitFault(`nesting is deeper than ${this.#limits.maxNesting}`, 'maxNesting', this.line)
    const found = read()
    this.#depth--
    return found
  }
}
