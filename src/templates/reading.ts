import { TemplateFault } from './fault.ts'
import type { TemplateLimits } from './limits.ts'
import type { nodes } from './parse.ts'
import type { Expression, Statement } from './tree.ts'

// A level of nesting in the source is at most about three levels of the tree.
const LEVELS_PER_NESTING = 3

/** The two readers that call each other. */
export interface Readers {
  expression(reading: Reading, node: nodes.AnyNode): Expression
  statements(reading: Reading, node: nodes.AnyNode | null): Statement[]
}

/** What is known while a syntax tree is read: where, how much, how deep, and which names the frame sets. */
export class Reading {
  /** Names set in the frame that is read. */
  names: Set<string> = new Set()
  /** How often the name `loop` was read. */
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

  /** Counts a node and moves to its line. */
  count(node: nodes.Node): void {
    if (++this.#nodes > this.#limits.maxNodes)
      this.fail(`it has more than ${this.#limits.maxNodes} nodes (maxNodes)`)
    if (node.lineno !== undefined) this.line = node.lineno + 1
  }

  expression(node: nodes.AnyNode): Expression {
    return this.#deeper(() => this.#readers.expression(this, node))
  }

  statements(node: nodes.AnyNode | null): Statement[] {
    return this.#deeper(() => this.#readers.statements(this, node))
  }

  /** Reads with a frame of its own, and says which names it sets. */
  inFrame<T>(read: () => T): { readonly read: T; readonly names: ReadonlySet<string> } {
    const outer = this.names
    const names = new Set<string>()
    this.names = names
    const found = read()
    this.names = outer
    return { read: found, names }
  }

  /** The name that must stand here. */
  name(node: nodes.AnyNode, where: string): string {
    this.count(node)
    return node.typename === 'Symbol' ? node.value : this.fail(`${where} must be a plain name`)
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > this.#limits.maxNesting * LEVELS_PER_NESTING)
      this.fail(`it is nested more than ${this.#limits.maxNesting} deep (maxNesting)`)
    const found = read()
    this.#depth--
    return found
  }
}
