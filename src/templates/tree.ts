import type { Value } from './value.ts'

/** An expression that contains only what is allowed. Lines count from 1. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly entries: readonly Entry[] }
  | { readonly kind: 'member'; readonly target: Expression; readonly key: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: Arguments; readonly line: number }
  | {
      readonly kind: 'filter'
      readonly name: string
      readonly input: Expression
      readonly args: Arguments
      readonly line: number
    }
  | {
      readonly kind: 'test'
      readonly name: string
      readonly target: Expression
      readonly args: readonly Expression[]
    }
  | { readonly kind: 'capture'; readonly body: readonly Statement[] }
  | { readonly kind: 'call-block'; readonly block: MacroBody }
  | {
      readonly kind: 'choice'
      readonly test: Expression
      readonly chosen: Expression
      readonly otherwise: Expression | undefined
    }
  | { readonly kind: 'not' | 'minus' | 'plus' | 'floor'; readonly target: Expression }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Expression[] }
  | {
      readonly kind: 'in' | 'power'
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'chain'; readonly first: Expression; readonly rest: readonly Link[] }

/** An operator and its right operand, in a chain of one precedence that runs from left to right. */
export interface Link {
  readonly operator: Operator
  readonly operand: Expression
}

export type Operator = '+' | '-' | '~' | '*' | '/' | '%' | Relation | Equality
export type Relation = '<' | '>' | '<=' | '>='
export type Equality = '==' | '===' | '!=' | '!=='

/** A named expression: an entry of a dict, a keyword argument, or a parameter with its default. */
export interface Entry {
  readonly name: string
  readonly value: Expression
}

/** The arguments of a call or filter. */
export interface Arguments {
  readonly positional: readonly Expression[]
  /** In written order. The last of equal names counts. */
  readonly keywords: readonly Entry[]
}

/** A macro or a call block. */
export interface MacroBody {
  readonly name: string
  readonly parameters: readonly string[]
  /** Parameters with defaults. They follow those without a default, regardless of the written order. */
  readonly defaults: readonly Entry[]
  readonly body: readonly Statement[]
  readonly names: FrameNames
}

/** The names that a frame itself sets, without those of inner frames. */
export type FrameNames = ReadonlySet<string>

export type Statement =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly value: Expression; readonly line: number }
  | Condition
  | Loop
  | {
      readonly kind: 'set'
      readonly names: readonly string[]
      readonly value: Expression
      readonly line: number
    }
  | { readonly kind: 'macro'; readonly macro: MacroBody }
  | Switch

export interface Condition {
  readonly kind: 'if'
  readonly test: Expression
  readonly body: readonly Statement[]
  readonly otherwise: readonly Statement[]
  readonly line: number
}

export interface Loop {
  readonly kind: 'for'
  readonly variables: readonly string[]
  readonly list: Expression
  /** The condition of `for … if`, which sees the loop variables. */
  readonly filter: Expression | undefined
  readonly body: readonly Statement[]
  readonly otherwise: readonly Statement[]
  readonly names: FrameNames
  /** Whether the name `loop` is read inside. */
  readonly usesLoop: boolean
  readonly line: number
}

export interface Switch {
  readonly kind: 'switch'
  readonly subject: Expression
  readonly cases: readonly Case[]
  readonly otherwise: readonly Statement[]
  readonly line: number
}

export interface Case {
  readonly value: Expression
  readonly body: readonly Statement[]
  /** Whether its body is empty, so that the next case runs. */
  readonly fallsThrough: boolean
}

/** A whole template. */
export interface Tree {
  readonly body: readonly Statement[]
  readonly names: FrameNames
  /** Number of syntax nodes that it was read from. */
  readonly nodes: number
}
