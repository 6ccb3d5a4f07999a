import { LlmError, type Issue } from '../core/error.ts'
import type { ModerationAction } from './moderator.ts'
import { RuleSet, type ModerationRule } from './rule-set.ts'

/** A rules file, read. */
export interface ParsedRules {
  readonly rules: readonly ModerationRule[]
  /** What was read otherwise than it was written: an unknown action is `warn`. */
  readonly warnings: readonly Issue[]
}

/** A rules file with a version, so that two people who edit it do not undo each other's work. */
export interface RulesDocument extends ParsedRules {
  readonly text: string
  /** SHA-256 of the text, as hex. */
  readonly version: string
  /** The document with another text. Rejects with `conflict` where `ifVersion` is not its version, and with `invalid-request` where the text has errors. */
  edit(text: string, options: { readonly ifVersion: string }): Promise<RulesDocument>
}

const ACTIONS: ReadonlySet<string> = new Set(['pass', 'warn', 'redact', 'block'])
const TAIL = /^\s*(?:(?:->|=>|→)\s*([\w-]*)(?::(.*?))?)?(?:\s+#(.*))?$/
const MOST_RULES = 20_000
const MOST_LINE_CHARACTERS = 4_000

/**
 * Reads rules, one per line:
 *
 * ```text
 * # a comment
 * some words
 * some words -> block #category, other
 * /a pattern/ -> redact:[GONE] #category
 * "words with -> an arrow" => warn
 * ```
 *
 * Case is ignored. A rule without an arrow does what the policy says. Throws `invalid-request` with an issue per wrong line.
 */
export function parseRules(text: string): ParsedRules {
  const rules: ModerationRule[] = []
  const warnings: Issue[] = []
  const issues: Issue[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim().replace(/^\uFEFF/, '')
    if (line === '' || line.startsWith('#')) continue
    const path = `line ${index + 1}`
    if (line.length > MOST_LINE_CHARACTERS) {
      issues.push({ path, message: `it is longer than ${MOST_LINE_CHARACTERS} characters` })
      continue
    }
    try {
      const rule = readLine(line, (message) => warnings.push({ path, message }))
      // Refused here, where the line is known.
      void new RuleSet([rule])
      rules.push({ ...rule, id: `line-${index + 1}` })
    } catch (error) {
      const message = LlmError.is(error) ? (error.issues?.[0]?.message ?? error.message) : String(error)
      issues.push({ path, message })
    }
  }
  if (rules.length > MOST_RULES) issues.push({ path: 'rules', message: `there are more than ${MOST_RULES}` })
  if (issues.length === 0) return { rules, warnings }
  const places = issues.slice(0, 5).map(({ path, message }) => `${path}: ${message}`)
  throw new LlmError('invalid-request', `the moderation rules have errors: ${places.join('; ')}`, { issues })
}

/** Reads a rules file as a document with a version. */
export async function openRules(text: string): Promise<RulesDocument> {
  const parsed = parseRules(text)
  const version = await versionOf(text)
  return {
    ...parsed,
    text,
    version,
    edit: async (next, { ifVersion }) => {
      if (ifVersion !== version)
        throw new LlmError(
          'conflict',
          'the moderation rules were changed meanwhile: read them again, then edit',
        )
      return openRules(next)
    },
  }
}

function readLine(line: string, warn: (message: string) => void): ModerationRule {
  const { head, tail } = split(line)
  const match = TAIL.exec(tail)
  if (match === null) throw refusal('after the pattern, an arrow with an action or #categories is expected')
  const [, action, replacement, list] = match
  const categories = (list ?? '').split(/[\s,#]+/).filter((name) => name !== '')
  if (tail.trim() !== '' && action === '') throw refusal('the arrow leads to no action')
  return { ...head, ...readAction(action, replacement, warn), categories }
}

function readAction(
  action: string | undefined,
  replacement: string | undefined,
  warn: (message: string) => void,
): Pick<ModerationRule, 'action' | 'replacement'> {
  if (action === undefined) return {}
  const known = action.toLowerCase()
  if (!ACTIONS.has(known)) {
    warn(`the action "${action.slice(0, 20)}" is unknown; the rule warns`)
    return { action: 'warn' }
  }
  if (replacement !== undefined && known !== 'redact') throw refusal('only redact takes a text')
  return {
    action: known as ModerationAction,
    ...(replacement === undefined ? undefined : { replacement: replacement.trim() }),
  }
}

function split(line: string): { head: ModerationRule; tail: string } {
  if (line.startsWith('/')) return splitPattern(line)
  if (line.startsWith('"')) {
    const end = line.indexOf('"', 1)
    if (end === -1) throw refusal('a quotation mark is not closed')
    return { head: { literal: line.slice(1, end) }, tail: line.slice(end + 1) }
  }
  const end = /\s*(?:->|=>|→)|\s+#/.exec(line)?.index ?? line.length
  if (end === 0) throw refusal('there is nothing to look for')
  return { head: { literal: line.slice(0, end) }, tail: line.slice(end) }
}

function splitPattern(line: string): { head: ModerationRule; tail: string } {
  let inClass = false
  for (let at = 1; at < line.length; at++) {
    const sign = line[at]
    if (sign === '\\') at++
    else if (sign === '[') inClass = true
    else if (sign === ']') inClass = false
    else if (sign === '/' && !inClass) {
      const flags = /^[a-z]*/.exec(line.slice(at + 1))?.[0] ?? ''
      const pattern = line.slice(1, at)
      if (pattern === '') throw refusal('the pattern is empty')
      return { head: { pattern, flags }, tail: line.slice(at + 1 + flags.length) }
    }
  }
  throw refusal('the pattern is not closed by /')
}

function refusal(message: string): LlmError {
  return new LlmError('invalid-request', message, { issues: [{ path: 'line', message }] })
}

async function versionOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
