/** Types of the three internal files of nunjucks 3.2.4 that are used. The version is pinned; no other file is loaded. */

declare module 'nunjucks/src/lexer.js' {
  namespace lexer {
    /** A token of a template. Lines and columns count from 0. */
    interface Token {
      readonly type: string
      /** A string, except for a regular expression, which has two parts. */
      readonly value: unknown
      readonly lineno: number
      readonly colno: number
    }

    interface Tokenizer {
      readonly str: string
      readonly index: number
      readonly lineno: number
      readonly colno: number
      in_code: boolean
      /** Returns `null` at the end. */
      nextToken(): Token | null
      forwardN(count: number): void
      _extractUntil(characters: string): string | null
    }

    interface LexerOptions {
      readonly trimBlocks?: boolean | undefined
      readonly lstripBlocks?: boolean | undefined
    }

    function lex(source: string, options?: LexerOptions): Tokenizer
  }
  export default lexer
}

declare module 'nunjucks/src/nodes.js' {
  namespace nodes {
    interface Node {
      readonly typename: string
      readonly lineno: number | undefined
    }
    type Children = readonly AnyNode[]

    interface NodeList extends Node {
      readonly typename: 'NodeList' | 'Root'
      readonly children: Children
    }
    interface Output extends Node {
      readonly typename: 'Output'
      readonly children: Children
    }
    interface TemplateData extends Node {
      readonly typename: 'TemplateData'
      readonly value: string
    }
    interface Literal extends Node {
      readonly typename: 'Literal'
      readonly value: unknown
    }
    interface Symbol extends Node {
      readonly typename: 'Symbol'
      readonly value: string
    }
    interface Aggregate extends Node {
      readonly typename: 'Group' | 'Array' | 'Dict' | 'KeywordArgs'
      readonly children: Children
    }
    interface Pair extends Node {
      readonly typename: 'Pair'
      readonly key: AnyNode
      readonly value: AnyNode
    }
    interface LookupVal extends Node {
      readonly typename: 'LookupVal'
      readonly target: AnyNode
      /** `null` for `a[]`. */
      readonly val: AnyNode | null
    }
    interface If extends Node {
      readonly typename: 'If'
      readonly cond: AnyNode
      readonly body: AnyNode
      readonly else_: AnyNode | null
    }
    interface InlineIf extends Node {
      readonly typename: 'InlineIf'
      readonly cond: AnyNode
      readonly body: AnyNode
      readonly else_: AnyNode | null
    }
    interface For extends Node {
      readonly typename: 'For'
      readonly arr: AnyNode
      readonly name: AnyNode
      readonly body: AnyNode
      readonly else_: AnyNode | null
    }
    interface Macro extends Node {
      readonly typename: 'Macro' | 'Caller'
      readonly name: AnyNode
      readonly args: NodeList
      readonly body: AnyNode
    }
    interface Call extends Node {
      readonly typename: 'FunCall' | 'Filter'
      readonly name: AnyNode
      readonly args: NodeList
    }
    interface Set extends Node {
      readonly typename: 'Set'
      readonly targets: Children
      readonly value: AnyNode | null
      /** The block form has a body instead of a value. */
      readonly body?: AnyNode | undefined
    }
    interface Switch extends Node {
      readonly typename: 'Switch'
      readonly expr: AnyNode
      readonly cases: Children
      readonly default: AnyNode | null
    }
    interface Case extends Node {
      readonly typename: 'Case'
      readonly cond: AnyNode
      readonly body: AnyNode
    }
    interface Capture extends Node {
      readonly typename: 'Capture'
      readonly body: AnyNode
    }
    interface Unary extends Node {
      readonly typename: 'Not' | 'Neg' | 'Pos'
      readonly target: AnyNode
    }
    interface Binary extends Node {
      readonly typename:
        | 'In'
        | 'Is'
        | 'Or'
        | 'And'
        | 'Add'
        | 'Concat'
        | 'Sub'
        | 'Mul'
        | 'Div'
        | 'FloorDiv'
        | 'Mod'
        | 'Pow'
      readonly left: AnyNode
      readonly right: AnyNode
    }
    interface Compare extends Node {
      readonly typename: 'Compare'
      readonly expr: AnyNode
      readonly ops: readonly { readonly expr: AnyNode; readonly type: string }[]
    }
    /** The node types that are supported. Others exist and are refused. */
    type AnyNode =
      | NodeList
      | Output
      | TemplateData
      | Literal
      | Symbol
      | Aggregate
      | Pair
      | LookupVal
      | If
      | InlineIf
      | For
      | Macro
      | Call
      | Set
      | Switch
      | Case
      | Capture
      | Unary
      | Binary
      | Compare
  }
  const nodes: {
    readonly Output: new (line: number, column: number, children: nodes.Children) => nodes.Output
    readonly TemplateData: new (line: number, column: number, text: string) => nodes.TemplateData
  }
  export default nodes
}

declare module 'nunjucks/src/parser.js' {
  import type lexer from 'nunjucks/src/lexer.js'
  import type nodes from 'nunjucks/src/nodes.js'

  /** A recursive descent parser. Each method parses what its name says at the current token. */
  class Parser {
    constructor(tokens: lexer.Tokenizer)
    tokens: lexer.Tokenizer
    breakOnBlocks: readonly string[] | null
    dropLeadingWhitespace: boolean
    nextToken(withWhitespace?: boolean): lexer.Token | null
    peekToken(): lexer.Token | null
    advanceAfterBlockEnd(name?: string): lexer.Token
    advanceAfterVariableEnd(): void
    parseAsRoot(): nodes.NodeList
    parseNodes(): nodes.AnyNode[]
    parseStatement(): nodes.AnyNode | null
    parseRaw(tagName?: string): nodes.Output
    parseIf(): nodes.AnyNode
    parseExpression(): nodes.AnyNode
    parseNot(): nodes.AnyNode
    parseUnary(noFilters?: boolean): nodes.AnyNode
    parseAggregate(): nodes.AnyNode | null
  }
  const parser: { readonly Parser: typeof Parser }
  export default parser
}
