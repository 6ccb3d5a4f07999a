import { requestError } from '../../core/error.ts'
import { isObject, parseJson, type JsonObject, type JsonValue } from '../../core/json.ts'
import { parseDictionaryText } from './text-file.ts'
import { readRegexKey } from './regex-key.ts'
import type { Dictionary, DictionaryEntry, DictionaryEntryInput, DictionaryHead } from './record.ts'

/** An imported dictionary before validation, without ids, dates and versions. */
export interface DictionaryDraft extends DictionaryHead {
  readonly entries: readonly unknown[]
}

// Fields in written order, with their defaults. A field with its default is not written.
const FIELDS: Readonly<Record<Exclude<keyof DictionaryEntry, 'id'>, JsonValue | undefined>> = {
  type: undefined,
  pattern: undefined,
  replacement: undefined,
  flags: '',
  probability: 1,
  group: '',
  maxReplacements: 0,
  enabled: true,
  caseSensitive: true,
  wholeWord: false,
  cooldownMs: 0,
  delayMs: 0,
  stickyMs: 0,
}

/** Converts a dictionary to JSON. */
export function toJson({ name, description, active, entries }: Dictionary): JsonObject {
  return { name, description, active, entries: entries.map((entry) => Object.fromEntries(fieldsOf(entry))) }
}

/** Reads the output of {@link toJson}, as an object or text. Throws `invalid-request` if it is no dictionary. */
export function fromJson(source: unknown): DictionaryDraft {
  const value = typeof source === 'string' ? parseJson(source.replace(/^\uFEFF/, '')) : source
  if (!isObject(value))
    throw requestError([{ path: '', message: 'is not a dictionary; expected a JSON object' }])
  // Other programs write the head in an object `dictionary`.
  const head = isObject(value['dictionary']) ? value['dictionary'] : value
  const entries = value['entries'] ?? head['entries'] ?? []
  if (!Array.isArray(entries)) throw requestError([{ path: 'entries', message: 'must be a list' }])
  return { ...headOf(head), entries }
}

/**
 * Converts a dictionary to Markdown: the name as title, then `active` and the description, then one section per entry
 * with its fields in a list and its replacement in a fence. Values in lists are JSON.
 */
export function toMarkdown({ name, description, active, entries }: Dictionary): string {
  const head = [`# ${name}`, '', `- active: ${active}`, `- description: ${JSON.stringify(description)}`]
  const sections = entries.map((entry, at) => {
    const fields = fieldsOf(entry).filter(
      ([field]) => field !== 'replacement' || !isFenceable(entry.replacement),
    )
    const lines = fields.map(([field, value]) => `- ${field}: ${JSON.stringify(value)}`)
    return ['', `## Entry ${at + 1}`, '', ...lines, ...fenceOf(entry.replacement)]
  })
  return [...head, ...sections.flat(), ''].join('\n')
}

/**
 * Reads the output of {@link toMarkdown}. In hand-written Markdown, texts need no quotes. Reads a text without sections as
 * a dictionary file of `key: value` lines, named by its title.
 */
export function fromMarkdown(source: string, name?: string): DictionaryDraft {
  const lines = source.replace(/^\uFEFF/, '').split('\n')
  const { head, sections, title } = splitSections(lines)
  const { fields } = readSection(head)
  const isKeyed = sections.length === 0 && !(title !== undefined && fields.has('active'))
  if (isKeyed) return fromKeyedText(source, name ?? title)
  return {
    ...headOf({ ...Object.fromEntries(fields), name: name ?? title }),
    entries: sections.map((section) => {
      const { fields: own, fence } = readSection(section)
      const entry = Object.fromEntries(own)
      return fence === undefined ? entry : { ...entry, replacement: fence }
    }),
  }
}

function headOf(value: Record<string, unknown>): DictionaryHead {
  // Validated by `readHead`.
  const { name, description = '', active, is_active: isActive } = value
  return { name, description, active: active ?? isActive ?? true } as DictionaryHead
}

function fieldsOf(entry: DictionaryEntry): (readonly [string, JsonValue])[] {
  return Object.entries(FIELDS).flatMap(([field, usual]) => {
    const value = entry[field as keyof typeof FIELDS]
    return value === undefined || value === usual ? [] : [[field, value] as const]
  })
}

function isFenceable(text: string): boolean {
  return text !== '' && !text.includes('\r')
}

// The fence must be longer than every fence in the text.
function fenceOf(text: string): string[] {
  if (!isFenceable(text)) return []
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return ['', fence, ...text.split('\n'), fence]
}

interface Sections {
  readonly title: string | undefined
  readonly head: readonly string[]
  readonly sections: readonly (readonly string[])[]
}

function splitSections(lines: readonly string[]): Sections {
  const sections: string[][] = []
  const head: string[] = []
  let title: string | undefined
  let fence: string | undefined
  for (const line of lines) {
    const bare = line.replace(/\r$/, '')
    if (fence === undefined && bare.startsWith('## ')) {
      sections.push([])
      continue
    }
    if (fence === undefined && sections.length === 0 && title === undefined && bare.startsWith('# ')) {
      title = bare.slice(2).trim()
      continue
    }
    if (fence === undefined) fence = /^`{3,}/.exec(bare)?.[0]
    else if (bare === fence) fence = undefined
    ;(sections.at(-1) ?? head).push(bare)
  }
  return { title, head, sections }
}

function readSection(lines: readonly string[]): {
  fields: Map<string, JsonValue>
  fence: string | undefined
} {
  const fields = new Map<string, JsonValue>()
  const start = lines.findIndex((line) => line.startsWith('```'))
  const mark = /^`+/.exec(lines[start] ?? '')?.[0] ?? ''
  const end = start < 0 ? -1 : lines.indexOf(mark, start + 1)
  for (const line of start < 0 ? lines : lines.slice(0, start)) {
    const match = /^[-*] (?:\*\*)?([A-Za-z_]+)(?:\*\*)?:(?:\*\*)? ?(.*)$/.exec(line)
    if (match !== null) fields.set(match[1] ?? '', valueOf(match[1] ?? '', match[2] ?? ''))
  }
  const last = end < 0 ? lines.length : end
  return { fields, fence: start < 0 ? undefined : lines.slice(start + 1, last).join('\n') }
}

const TEXT_FIELDS: ReadonlySet<string> = new Set([
  'pattern',
  'replacement',
  'flags',
  'group',
  'description',
  'type',
])

// Hand-written texts have no quotes. Backticks around them are removed.
function valueOf(field: string, written: string): JsonValue {
  const text = written.trim()
  const value = parseJson(text)
  if (typeof value === 'string' || (value !== undefined && !TEXT_FIELDS.has(field))) return value
  return /^`[^`]+`$/.test(text) ? text.slice(1, -1) : text
}

function fromKeyedText(source: string, name: string | undefined): DictionaryDraft {
  const withoutTitle = source.replace(/^\uFEFF?# [^\n]*\n?/, '')
  const { entries } = parseDictionaryText(withoutTitle)
  return { ...headOf({ name }), entries: entries.map(({ key, content }) => entryOf(key, content)) }
}

/** Converts a line of a dictionary file to an entry, which ignores case and matches whole words. */
function entryOf(key: string, content: string): DictionaryEntryInput {
  const regex = readRegexKey(key)
  const shared = { replacement: content, caseSensitive: false }
  if (regex === undefined) return { ...shared, type: 'literal', pattern: key, wholeWord: true }
  return { ...shared, type: 'regex', pattern: regex.source, flags: regex.flags }
}
