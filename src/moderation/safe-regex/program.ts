import { Alphabet } from './alphabet.ts'
import { refusePattern, type Node } from './syntax.ts'

/** What one rule searches for: a literal or a parsed pattern. */
export type Search = { readonly literal: string; readonly ignoreCase: boolean } | { readonly node: Node }

export const OP = { char: 0, fork: 1, assert: 2, match: 3, jump: 4 } as const
// Maximum number of steps of one pattern, and of all patterns of a set.
const MAX_STEPS = 1_500
const MAX_STEPS_PER_SET = 200_000

/** Patterns compiled to the steps of a Pike VM. Of the two targets of a fork, the first has precedence. */
export interface Program {
  readonly alphabet: Alphabet
  readonly op: readonly number[]
  /** `char`: the atom · `assert`: the assertion · `match`: the rule · `fork`, `jump`: the first target. */
  readonly x: readonly number[]
  /** `char`, `assert`: the target · `fork`: the second target. */
  readonly y: readonly number[]
  /** The rule that a step belongs to. For steps that literals share, the first of their rules. */
  readonly rule: readonly number[]
  /** The first steps of all rules, in order of precedence. */
  readonly seeds: readonly number[]
}

/** Compiles patterns. If several match at one position, the first in the list wins. */
export function compileProgram(searches: readonly Search[]): Program {
  const compiler = new Compiler()
  for (let at = 0; at < searches.length;) {
    const search = searches[at] as Search
    if ('node' in search) {
      compiler.addPattern(search.node, at++)
      continue
    }
    const trie = new Trie(at)
    for (let next = searches[at]; next !== undefined && 'literal' in next; next = searches[++at])
      trie.add(Array.from(next.literal), next.ignoreCase, at)
    compiler.addTrie(trie)
  }
  return compiler
}

interface TrieNode {
  readonly first: number
  readonly ways: Map<string, TrieNode>
  ends: number | undefined
}

/** A prefix tree: literals share common prefixes, so that ten thousand words cost about as much as one. */
class Trie {
  readonly root: TrieNode

  constructor(first: number) {
    this.root = { first, ways: new Map(), ends: undefined }
  }

  add(chars: readonly string[], ignoreCase: boolean, rule: number): void {
    let at = this.root
    for (const char of chars) {
      // An earlier literal that is a prefix of this one always wins.
      if (at.ends !== undefined) return
      const key = ignoreCase ? `i${char.toLowerCase()}` : `=${char}`
      let next = at.ways.get(key)
      if (next === undefined) at.ways.set(key, (next = { first: rule, ways: new Map(), ends: undefined }))
      at = next
    }
    at.ends ??= rule
  }
}

class Compiler implements Program {
  readonly alphabet = new Alphabet()
  readonly op: number[] = []
  readonly x: number[] = []
  readonly y: number[] = []
  readonly rule: number[] = []
  readonly seeds: number[] = []
  #rule = 0
  #from = 0

  addPattern(node: Node, rule: number): void {
    this.#rule = rule
    this.#from = this.op.length
    const match = this.#emit(OP.match, rule, 0)
    this.seeds.push(this.#node(node, match))
  }

  addTrie(trie: Trie): void {
    this.#from = Infinity
    for (const [key, next] of trie.root.ways) this.seeds.push(this.#way(key, next))
  }

  #way(key: string, next: TrieNode): number {
    const ways = [...next.ways].map(([nextKey, way]) => this.#way(nextKey, way))
    this.#rule = next.first
    if (next.ends !== undefined) ways.push(this.#emit(OP.match, next.ends, 0))
    const rest = ways.reduceRight((later, way) => this.#emit(OP.fork, way, later))
    const atom = this.alphabet.atom({ type: 'char', char: key.slice(1), ignoreCase: key.startsWith('i') })
    return this.#emit(OP.char, atom, rest)
  }

  #emit(op: number, x: number, y: number): number {
    if (this.op.length - this.#from > MAX_STEPS)
      refusePattern(`expanded, it has more than ${MAX_STEPS} steps; use smaller repetition counts`)
    if (this.op.length > MAX_STEPS_PER_SET)
      refusePattern(`all patterns together have more than ${MAX_STEPS_PER_SET} steps; use fewer patterns`)
    this.op.push(op)
    this.x.push(x)
    this.y.push(y)
    this.rule.push(this.#rule)
    return this.op.length - 1
  }

  // Compiles backwards, because every step needs its target.
  #node(node: Node, then: number): number {
    switch (node.type) {
      case 'atom':
        return this.#emit(OP.char, this.alphabet.atom(node.atom), then)
      case 'assertion':
        return this.#emit(OP.assert, this.alphabet.assertion(node), then)
      case 'sequence':
        return node.items.reduceRight((next, item) => this.#node(item, next), then)
      case 'alternation':
        return node.items
          .map((item) => this.#node(item, then))
          .reduceRight((later, way) => this.#emit(OP.fork, way, later))
      case 'repeat':
        return this.#repeat(node, then)
    }
  }

  #repeat({ item, min, max, lazy }: Extract<Node, { type: 'repeat' }>, then: number): number {
    const fork = (again: number, out: number): number =>
      lazy ? this.#emit(OP.fork, out, again) : this.#emit(OP.fork, again, out)
    let next = then
    if (max === Infinity) {
      next = fork(-1, then)
      const body = this.#node(item, next)
      if (lazy) this.y[next] = body
      else this.x[next] = body
      // With a minimum of one repetition, the loop starts in its body.
      if (min === 1 && !isEmptyable(item)) return body
    } else for (let turn = min; turn < max; turn++) next = fork(this.#node(item, next), then)
    for (let turn = 0; turn < min; turn++) next = this.#node(item, next)
    return next
  }
}

/** Whether a node can match the empty text. */
export function isEmptyable(node: Node): boolean {
  switch (node.type) {
    case 'atom':
      return false
    case 'assertion':
      return true
    case 'sequence':
      return node.items.every(isEmptyable)
    case 'alternation':
      return node.items.some(isEmptyable)
    case 'repeat':
      return node.min === 0 || isEmptyable(node.item)
  }
}
