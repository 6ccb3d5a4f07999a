import { argument, checkArguments } from '../../core/check-arguments.ts'
import type { Issue } from '../../core/error.ts'
import { splitRegexKey } from './regex-key.ts'

/** A key and its replacement in a dictionary file. */
export interface KeyedText {
  readonly key: string
  readonly content: string
}

const BLOCK_END = '---@@@---'

/**
 * Parses a dictionary file: lines `key: value`, or `key: |` followed by a block that a line `---@@@---` ends. A key in
 * slashes is a regular expression and may contain colons. Skips blank lines, and lines without a key, with an issue.
 */
export function parseDictionaryText(source: string): { entries: KeyedText[]; issues: Issue[] } {
  checkArguments('parseDictionaryText', { source: argument.text }, { source })
  const entries: KeyedText[] = []
  const issues: Issue[] = []
  const lines = source.replace(/^\uFEFF/, '').split(/\r?\n/)
  const trimmed = lines.map((line) => line.trim())
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (trimmed[at] === '' || trimmed[at] === BLOCK_END) continue
    const path = `line ${at + 1}`
    const pair = splitLine(line)
    if (pair === undefined) {
      issues.push({ path, message: 'skipped, because it has no colon; write key: value' })
      continue
    }
    let { content } = pair
    if (content === '|') {
      const end = trimmed.indexOf(BLOCK_END, at + 1)
      if (end < 0) issues.push({ path, message: `block without ${BLOCK_END}; read to the end of the file` })
      const last = end < 0 ? lines.length : end
      content = lines.slice(at + 1, last).join('\n')
      at = last
    }
    if (pair.key === '') issues.push({ path, message: 'skipped, because it has no key; write key: value' })
    else entries.push({ key: pair.key, content })
  }
  return { entries, issues }
}

/** Writes a file for {@link parseDictionaryText}. Leaves out entries that the format cannot express, with an issue. */
export function formatDictionaryText(entries: readonly KeyedText[]): { text: string; issues: Issue[] } {
  checkArguments('formatDictionaryText', { entries: argument.objects }, { entries })
  const issues: Issue[] = []
  const pieces: string[] = []
  for (const [index, { key, content }] of entries.entries()) {
    const piece = needsBlock(content) ? `${key}: |\n${content}\n${BLOCK_END}` : `${key}: ${content}`
    const read = parseDictionaryText(piece)
    const [only] = read.entries
    const same = read.entries.length === 1 && only?.key === key && only.content === content
    if (same && read.issues.length === 0) pieces.push(piece)
    else
      issues.push({
        path: `entries.${index}`,
        message: 'left out, because this format cannot express it; use Markdown or JSON',
      })
  }
  return { text: pieces.length === 0 ? '' : `${pieces.join('\n')}\n`, issues }
}

function needsBlock(content: string): boolean {
  return content.includes('\n') || content !== content.trim() || content === '|'
}

function splitLine(line: string): KeyedText | undefined {
  const start = line.trimStart()
  const regex = splitRegexKey(start, ':')
  const key = regex?.key ?? (start.includes(':') ? start.slice(0, start.indexOf(':')) : undefined)
  if (key === undefined) return undefined
  const rest = regex?.rest ?? start.slice(key.length)
  return { key: key.trim(), content: rest.slice(1).trim() }
}
