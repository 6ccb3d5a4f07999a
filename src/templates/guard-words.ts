import type lexer from 'nunjucks/src/lexer.js'
import { TemplateFault } from './fault.ts'

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

// One would be a key with a meaning of its own to JavaScript, the other to the parser's own runtime.
const MAGIC: ReadonlySet<unknown> = new Set(['__proto__', '__keywords'])

/**
 * Puts a guard before a tokenizer: counts its words, refuses regular expressions and names that are none, and
 * reads `||` and `&&` as `or` and `and`.
 */
export function guardWords(tokens: lexer.Tokenizer, maxTokens: number): void {
  const next = tokens.nextToken.bind(tokens)
  const extractUntil = tokens._extractUntil.bind(tokens)
  let left = maxTokens
  const refuse = (reason: string): never => {
    throw new TemplateFault(reason, tokens.lineno + 1)
  }
  // The tokenizer takes "&" for a letter.
  tokens._extractUntil = (characters) => extractUntil(tokens.in_code ? `${characters}&` : characters)
  tokens.nextToken = () => {
    if (--left < 0) refuse(`it has more than ${maxTokens} words (maxTokens)`)
    const operator = tokens.in_code ? readOperator(tokens) : undefined
    if (operator !== undefined) return operator
    if (tokens.in_code && tokens.str[tokens.index] === '&') refuse('unexpected character &; say `and`')
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
  if (typeof name !== 'string' || !IDENTIFIER.test(name)) refuse('a name may hold letters, digits and _ only')
  if (MAGIC.has(name)) refuse(`the name \`${name}\` is not allowed`)
}
