import lexer from 'nunjucks/src/lexer.js'
import nodes from 'nunjucks/src/nodes.js'
import parser from 'nunjucks/src/parser.js'
import { limitFault, TemplateFault } from './fault.ts'
import type { TemplateLimits } from './limits.ts'

export type { nodes }

/** How whitespace around blocks is treated. */
export interface LayoutOptions {
  /** Whether the line break after a block is dropped. Chat templates of models expect true. Default false. */
  readonly trimBlocks?: boolean | undefined
  /** Whether whitespace before a block at the start of a line is dropped. Default false. */
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

/** Parses a template in time linear in its length. Throws a {@link TemplateFault} and no other error. */
export function parseTemplate(source: string, limits: TemplateLimits, layout: LayoutOptions): nodes.NodeList {
  if (source.length > limits.maxSourceChars)
    throw limitFault(`the source is longer than ${limits.maxSourceChars} characters`, 'maxSourceChars', 0)
  const tokens = lexer.lex(source, layout)
  try {
    guardTokens(tokens, limits.maxTokens)
    return new GuardedParser(tokens, limits.maxNesting).parseAsRoot()
  } catch (error) {
    throw toFault(error, tokens.lineno + 1)
  }
}

/** The nunjucks parser with a nesting limit, a list of allowed tags, and two of its slow scans made linear. */
class GuardedParser extends parser.Parser {
  readonly #maxNesting: number
  #nesting = 0

  constructor(tokens: lexer.Tokenizer, maxNesting: number) {
    super(tokens)
    this.#maxNesting = maxNesting
  }

  override parseUnary(noFilters?: boolean): nodes.AnyNode {
    const sign = this.#nextIs('-', '+')
    return sign ? this.#nested(() => super.parseUnary(noFilters)) : super.parseUnary(noFilters)
  }

  override parseNot(): nodes.AnyNode {
    return this.#nextIs('not') ? this.#nested(() => super.parseNot()) : super.parseNot()
  }

  override parseAggregate(): nodes.AnyNode | null {
    return this.#nested(() => super.parseAggregate())
  }

  override parseIf(): nodes.AnyNode {
    return this.#nextIs('elif', 'elseif') ? this.#nested(() => super.parseIf()) : super.parseIf()
  }

  override parseStatement(): nodes.AnyNode | null {
    const token = this.peekToken()
    const name = token?.value
    const closes = typeof name === 'string' && this.breakOnBlocks?.includes(name)
    if (token?.type === 'symbol' && closes !== true && !TAGS.has(name))
      throw new TemplateFault(
        `unknown tag \`${String(name)}\`; known: ${[...TAGS].join(', ')}`,
        token.lineno + 1,
      )
    return this.#nested(() => super.parseStatement())
  }

  /** Skips to the matching end tag without parsing the text before it. */
  override parseRaw(tagName = 'raw'): nodes.Output {
    const { lineno, colno } = this.advanceAfterBlockEnd()
    const { str, index } = this.tokens
    const found = findRawEnd(str, index, tagName)
    if (found === undefined)
      throw new TemplateFault(`the tag \`${tagName}\` has no end; add \`end${tagName}\``, lineno + 1)
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
    if (next !== null && trimsTextBefore(next)) text = text.trimEnd()
    return new nodes.Output(lineno, colno, [new nodes.TemplateData(lineno, colno, text)])
  }

  #nextIs(...words: readonly string[]): boolean {
    const value = this.peekToken()?.value
    return typeof value === 'string' && words.includes(value)
  }

  #nested<T>(parse: () => T): T {
    if (++this.#nesting > this.#maxNesting)
      throw limitFault(`nesting is deeper than ${this.#maxNesting}`, 'maxNesting', this.tokens.lineno + 1)
    const parsed = parse()
    this.#nesting--
    return parsed
  }
}

function trimsTextBefore({ type, value }: lexer.Token): boolean {
  if (type === 'block-start' || type === 'variable-start') return String(value).endsWith('-')
  return type === 'comment' && String(value).at(2) === '-'
}

// Messages of the parser quote the template, which is safe; those of a TypeError or RangeError say nothing useful.
function toFault(error: unknown, line: number): TemplateFault {
  if (error instanceof TemplateFault) return error
  if (error instanceof RangeError)
    return new TemplateFault('nesting is too deep; simplify the template', line)
  if (error instanceof TypeError || !(error instanceof Error))
    return new TemplateFault('syntax error: a tag or an expression ends too early', line)
  const at = 'lineno' in error && typeof error.lineno === 'number' ? error.lineno : line
  return new TemplateFault(`syntax error: ${error.message}`, at)
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

// `__proto__` has a meaning in JavaScript, `__keywords` in nunjucks.
const FORBIDDEN_NAMES: ReadonlySet<unknown> = new Set(['__proto__', '__keywords'])

/**
 * Wraps a tokenizer: limits the number of tokens, refuses regular expressions and invalid names, and reads `||` and
 * `&&` as `or` and `and`.
 */
export function guardTokens(tokens: lexer.Tokenizer, maxTokens: number): void {
  const next = tokens.nextToken.bind(tokens)
  const extractUntil = tokens._extractUntil.bind(tokens)
  let left = maxTokens
  const refuse = (reason: string): never => {
    throw new TemplateFault(reason, tokens.lineno + 1)
  }
  // nunjucks treats "&" as part of a name.
  tokens._extractUntil = (characters) => extractUntil(tokens.in_code ? `${characters}&` : characters)
  tokens.nextToken = () => {
    if (--left < 0) throw limitFault(`more than ${maxTokens} tokens`, 'maxTokens', tokens.lineno + 1)
    const operator = tokens.in_code ? readOperator(tokens) : undefined
    if (operator !== undefined) return operator
    if (tokens.in_code && tokens.str[tokens.index] === '&') refuse('unexpected character "&"; write `and`')
    const token = next()
    if (token === null) return null
    if (token.type === 'regex') refuse('regular expressions are not supported')
    if (token.type === 'symbol') checkName(token.value, refuse)
    return token
  }
}

function readOperator(tokens: lexer.Tokenizer): lexer.Token | undefined {
  const { str, index, lineno, colno } = tokens
  const first = str[index]
  if ((first !== '|' && first !== '&') || str[index + 1] !== first) return undefined
  tokens.forwardN(2)
  return { type: 'symbol', value: first === '|' ? 'or' : 'and', lineno, colno }
}

function checkName(name: unknown, refuse: (reason: string) => never): void {
  if (typeof name !== 'string' || !IDENTIFIER.test(name)) refuse('invalid name; use letters, digits and _')
  if (FORBIDDEN_NAMES.has(name)) refuse(`the name \`${name}\` is not allowed`)
}

/** The text of a raw block and the position after it. */
export interface RawBlock {
  readonly text: string
  /** Position after the end tag. */
  readonly next: number
  /** Whether the end tag drops the whitespace after it. */
  readonly trimsAfter: boolean
}

interface RawTag {
  readonly opens: boolean
  readonly start: number
  readonly next: number
  readonly trimsBefore: boolean
  readonly trimsAfter: boolean
}

/** Finds, in one pass, the `end<name>` of a block that opened before `from`. Blocks of the same name nest. */
export function findRawEnd(source: string, from: number, name: string): RawBlock | undefined {
  let level = 1
  for (let at = source.indexOf('{%', from); at >= 0; at = source.indexOf('{%', at)) {
    const tag = readTag(source, at, name)
    at = tag === undefined ? at + 2 : tag.next
    if (tag === undefined) continue
    level += tag.opens ? 1 : -1
    if (level > 0) continue
    const text = source.slice(from, tag.start)
    return { text: tag.trimsBefore ? text.trimEnd() : text, next: tag.next, trimsAfter: tag.trimsAfter }
  }
  return undefined
}

/** Returns the tag at `start` if it opens or closes a raw block. */
function readTag(source: string, start: number, name: string): RawTag | undefined {
  let at = start + 2
  const trimsBefore = source[at] === '-'
  at = skipBlanks(source, trimsBefore ? at + 1 : at)
  const opens = !source.startsWith('end', at)
  if (!opens) at += 3
  if (!source.startsWith(name, at)) return undefined
  at = skipBlanks(source, at + name.length)
  const trimsAfter = source[at] === '-'
  if (trimsAfter) at++
  return source.startsWith('%}', at) ? { opens, start, next: at + 2, trimsBefore, trimsAfter } : undefined
}

function skipBlanks(source: string, from: number): number {
  let at = from
  while (at < source.length && (source[at] ?? '').trim() === '') at++
  return at
}
