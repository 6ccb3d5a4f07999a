import lexer from 'nunjucks/src/lexer.js'
import nodes from 'nunjucks/src/nodes.js'
import parser from 'nunjucks/src/parser.js'
import { TemplateFault } from './fault.ts'
import { guardWords } from './guard-words.ts'
import type { TemplateLimits } from './limits.ts'
import { findRawEnd } from './raw-block.ts'

export type { nodes }

/** How line breaks and blanks around blocks are treated. */
export interface LayoutOptions {
  /** Drops the line break after a block, as chat templates of models expect. Default false. */
  readonly trimBlocks?: boolean | undefined
  /** Drops the blanks before a block that starts its line. Default false. */
  readonly lstripBlocks?: boolean | undefined
}

const TAGS: ReadonlySet<unknown> = new Set([
  'if',
  'for',
  'set',
  'macro',
  'call',
  'filter',
  'switch',
  'raw',
  'verbatim',
])

/** The syntax tree of a template. Throws a {@link TemplateFault} and nothing else, in time linear in the source. */
export function parseTemplate(source: string, limits: TemplateLimits, layout: LayoutOptions): nodes.NodeList {
  if (source.length > limits.maxSourceChars)
    throw new TemplateFault(`it is longer than ${limits.maxSourceChars} characters (maxSourceChars)`, 0)
  const tokens = lexer.lex(source, layout)
  try {
    guardWords(tokens, limits.maxTokens)
    return new GuardedParser(tokens, limits.maxNesting).parseAsRoot()
  } catch (error) {
    throw toFault(error, tokens.lineno + 1)
  }
}

/** The parser, with a limit to nesting, a list of allowed tags, and linear scans in place of two slow ones. */
class GuardedParser extends parser.Parser {
  readonly #maxNesting: number
  #nesting = 0

  constructor(tokens: lexer.Tokenizer, maxNesting: number) {
    super(tokens)
    this.#maxNesting = maxNesting
  }

  override parseUnary(noFilters?: boolean): nodes.AnyNode {
    const sign = this.#comes('-', '+')
    return sign ? this.#nested(() => super.parseUnary(noFilters)) : super.parseUnary(noFilters)
  }

  override parseNot(): nodes.AnyNode {
    return this.#comes('not') ? this.#nested(() => super.parseNot()) : super.parseNot()
  }

  override parseAggregate(): nodes.AnyNode | null {
    return this.#nested(() => super.parseAggregate())
  }

  override parseIf(): nodes.AnyNode {
    return this.#comes('elif', 'elseif') ? this.#nested(() => super.parseIf()) : super.parseIf()
  }

  override parseStatement(): nodes.AnyNode | null {
    const token = this.peekToken()
    const name = token?.value
    const closes = typeof name === 'string' && this.breakOnBlocks?.includes(name)
    if (token?.type === 'symbol' && closes !== true && !TAGS.has(name))
      throw new TemplateFault(`the tag \`${String(name)}\` is not known here`, token.lineno + 1)
    return this.#nested(() => super.parseStatement())
  }

  /** Reads on to the matching end tag, without a look at what is in between. */
  override parseRaw(tagName = 'raw'): nodes.Output {
    const { lineno, colno } = this.advanceAfterBlockEnd()
    const { str, index } = this.tokens
    const found = findRawEnd(str, index, tagName)
    if (found === undefined)
      throw new TemplateFault(`the tag \`${tagName}\` has no \`end${tagName}\``, lineno + 1)
    this.tokens.forwardN(found.next - index)
    if (found.trimsAfter) this.dropLeadingWhitespace = true
    return new nodes.Output(lineno, colno, [new nodes.TemplateData(lineno, colno, found.text)])
  }

  override parseNodes(): nodes.AnyNode[] {
    const found: nodes.AnyNode[] = []
    for (let token = this.nextToken(); token !== null; token = this.nextToken()) {
      if (token.type === 'data') found.push(this.#data(token))
      else if (token.type === 'block-start') {
        this.dropLeadingWhitespace = false
        const statement = this.parseStatement()
        if (statement === null) break
        found.push(statement)
      } else if (token.type === 'variable-start') {
        const expression = this.parseExpression()
        this.dropLeadingWhitespace = false
        this.advanceAfterVariableEnd()
        found.push(new nodes.Output(token.lineno, token.colno, [expression]))
      } else if (token.type === 'comment') {
        this.dropLeadingWhitespace = String(token.value).at(-3) === '-'
      } else throw new TemplateFault('a tag was expected', token.lineno + 1)
    }
    return found
  }

  #data({ value, lineno, colno }: lexer.Token): nodes.AnyNode {
    let text = String(value)
    const next = this.peekToken()
    if (this.dropLeadingWhitespace) text = text.trimStart()
    this.dropLeadingWhitespace = false
    if (next !== null && trimsBefore(next)) text = text.trimEnd()
    return new nodes.Output(lineno, colno, [new nodes.TemplateData(lineno, colno, text)])
  }

  #comes(...words: readonly string[]): boolean {
    const value = this.peekToken()?.value
    return typeof value === 'string' && words.includes(value)
  }

  #nested<T>(parse: () => T): T {
    if (++this.#nesting > this.#maxNesting)
      throw new TemplateFault(
        `it is nested more than ${this.#maxNesting} deep (maxNesting)`,
        this.tokens.lineno + 1,
      )
    const parsed = parse()
    this.#nesting--
    return parsed
  }
}

function trimsBefore({ type, value }: lexer.Token): boolean {
  if (type === 'block-start' || type === 'variable-start') return String(value).endsWith('-')
  return type === 'comment' && String(value).at(2) === '-'
}

// The parser's own words hold words of the template; those of a TypeError or RangeError hold nothing of use.
function toFault(error: unknown, line: number): TemplateFault {
  if (error instanceof TemplateFault) return error
  if (error instanceof RangeError) return new TemplateFault('it is nested too deeply', line)
  if (error instanceof TypeError || !(error instanceof Error))
    return new TemplateFault('the syntax is wrong: a tag or an expression ends too early', line)
  const at = 'lineno' in error && typeof error.lineno === 'number' ? error.lineno : line
  return new TemplateFault(`the syntax is wrong: ${error.message}`, at)
}
