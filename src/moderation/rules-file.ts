import { argument, checkArguments } from '../core/check-arguments.ts'
import { LlmError, type Issue } from '../core/error.ts'
import type { ModerationAction } from './moderator.ts'
import { RuleSet, type ModerationRule } from './rule-set.ts'

/** The content of a rules file. */
export interface ParsedRules {
  readonly rules: readonly ModerationRule[]
  /** Lines that were read differently than written: an unknown action is read as `warn`. */
  readonly warnings: readonly Issue[]
}

/** A rules file with a version, so that concurrent edits do not overwrite each other. */
export interface RulesDocument extends ParsedRules {
  readonly text: string
  /** SHA-256 of the text, as hex. */
  readonly version: string
  /**
   * Returns the document with a new text. Rejects with `conflict` if `ifVersion` is not its version, and with
   * `invalid-request` if the text has errors.
   */
  edit(text: string, options: { readonly ifVersion: string }): Promise<RulesDocument>
}

const ACTIONS: ReadonlySet<string> = new Set(['pass', 'warn', 'redact', 'block'])
const TAIL = /^\s*(?:(?:->|=>|→)\s*([\w-]*)(?::(.*?))?)?(?:\s+#(.*))?$/
const MAX_RULES = 20_000
const MAX_LINE_CHARACTERS = 4_000

/**
 * Parses rules, one per line:
 *
 * ```text
 * # a comment
 * some words
 * some words -> block #category, other
 * /a pattern/ -> redact:[GONE] #category
 * "words with -> an arrow" => warn
 * ```
 *
 * Case is ignored. A rule without an arrow takes the action of the policy. Throws `invalid-request` with one issue per
 * invalid line.
 */
export function parseRules(text: string): ParsedRules {
  checkArguments('parseRules', { text: argument.text }, { text })
  const rules: ModerationRule[] = []
  const warnings: Issue[] = []
  const issues: Issue[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim().replace(/^\uFEFF/, '')
    if (line === '' || line.startsWith('#')) continue
    const path = `line ${index + 1}`
    if (line.length > MAX_LINE_CHARACTERS) {
      issues.push({ path, message: `longer than ${MAX_LINE_CHARACTERS} characters; split the rule` })
      continue
    }
    try {
      const rule = readLine(line, (message) => warnings.push({ path, message }))
      // Compiled here for its errors, because the line is known here.
      void new RuleSet([rule])
      rules.push({ ...rule, id: `line-${index + 1}` })
    } catch (error) {
      const message = LlmError.is(error) ? (error.issues?.[0]?.message ?? error.message) : String(error)
      issues.push({ path, message })
    }
  }
  if (rules.length > MAX_RULES)
    issues.push({ path: 'rules', message: `more than ${MAX_RULES} rules; merge some into patterns` })
  if (issues.length === 0) return { rules, warnings }
  const places = issues.slice(0, 5).map(({ path, message }) => `${path}: ${message}`)
  throw new LlmError('invalid-request', `moderation rules have errors: ${places.join('; ')}`, { issues })
}

/** Parses a rules file to a document with a version. Rejects with `invalid-request` if the text has errors. */
export async function openRules(text: string): Promise<RulesDocument> {
  checkArguments('openRules', { text: argument.text }, { text })
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
          `moderation rules: ifVersion ${ifVersion.slice(0, 12)}… is not the current version; read them again, then edit`,
        )
      return openRules(next)
    },
  }
}

function readLine(line: string, warn: (message: string) => void): ModerationRule {
  const { head, tail } = split(line)
  const match = TAIL.exec(tail)
  if (match === null) throw lineError('expected -> and an action, or #categories, after the pattern')
  const [, action, replacement, list] = match
  const categories = (list ?? '').split(/[\s,#]+/).filter((name) => name !== '')
  if (tail.trim() !== '' && action === '')
    throw lineError('missing action after the arrow; use pass, warn, redact or block')
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
    warn(`unknown action "${action.slice(0, 20)}"; known: ${[...ACTIONS].join(', ')}. Read as warn.`)
    return { action: 'warn' }
  }
  if (replacement !== undefined && known !== 'redact')
    throw lineError(`the action ${known} takes no text; only redact does`)
  return {
    action: known as ModerationAction,
    ...(replacement === undefined ? undefined : { replacement: replacement.trim() }),
  }
}

function split(line: string): { head: ModerationRule; tail: string } {
  if (line.startsWith('/')) return splitPattern(line)
  if (line.startsWith('"')) {
    const end = line.indexOf('"', 1)
    if (end === -1) throw lineError('unclosed quotation mark')
    return { head: { literal: line.slice(1, end) }, tail: line.slice(end + 1) }
  }
  const end = /\s*(?:->|=>|→)|\s+#/.exec(line)?.index ?? line.length
  if (end === 0) throw lineError('missing literal or /pattern/ before the arrow')
  return { head: { literal: line.slice(0, end) }, tail: line.slice(end) }
}

function splitPattern(line: string): { head: ModerationRule; tail: string } {
  let inClass = false
  for (let at = 1; at < line.length; at++) {
    const char = line[at]
    if (char === '\\') at++
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) {
      const flags = /^[a-z]*/.exec(line.slice(at + 1))?.[0] ?? ''
      const pattern = line.slice(1, at)
      if (pattern === '') throw lineError('empty pattern between the slashes')
      return { head: { pattern, flags }, tail: line.slice(at + 1 + flags.length) }
    }
  }
  throw lineError('unclosed pattern; end it with /')
}

function lineError(message: string): LlmError {
  return new LlmError('invalid-request', message, { issues: [{ path: 'line', message }] })
}

async function versionOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
