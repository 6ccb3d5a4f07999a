import { tableBelow } from './folders.ts'
import type { Sources, Violation } from './sources.ts'

/** The page that holds the glossary. */
export const glossaryPage = 'docs/architecture.md'

/** Words that the glossary has to explain. */
const required = [
  'call, attempt, stage, feature, target, provider, dialect, model, request, response, body, frame, reply',
  'event, content, setting, param, slot, lease, cooldown, bucket, counter, turn, message, run, stream run',
  'workflow instance, store, contract',
].flatMap((line) => line.split(', '))

/** Every required word has one row with a meaning, and every `src/…` path that a row names exists. */
export function checkGlossary(sources: Sources): Violation[] {
  const rows = tableBelow('Glossary', sources.get(glossaryPage) ?? '').map(readRow)
  const words = rows.flatMap((row) => row.words)
  return [
    ...required
      .filter((word) => !words.includes(word))
      .map((word) => `${glossaryPage}: the glossary does not explain "${word}"`),
    ...words
      .filter((word, index) => words.indexOf(word) < index)
      .map((word) => `${glossaryPage}: the glossary has two meanings of "${word}"`),
    ...rows
      .filter(({ meaning }) => meaning === '')
      .map((row) => `${glossaryPage}: "${row.words.join(', ')}" has no meaning in the glossary`),
    ...rows.flatMap(({ paths }) => paths.filter((path) => !exists(path, sources)).map(lost)),
  ]
}

interface Row {
  readonly words: readonly string[]
  readonly meaning: string
  readonly paths: readonly string[]
}

/** Reads `| word, other word | meaning | where |`. */
function readRow(row: string): Row {
  const [, words = '', meaning = '', where = ''] = row.split('|').map((cell) => cell.trim())
  const paths = [...where.matchAll(/`(src\/[^`]*)`/g)].map(([, path]) => path ?? '')
  return { words: words.split(', '), meaning, paths }
}

function exists(path: string, sources: Sources): boolean {
  return [...sources.keys()].some((source) => source === path || source.startsWith(path.replace(/\/?$/, '/')))
}

function lost(path: string): Violation {
  return `${glossaryPage}: ${path} is in the glossary and not in the tree`
}
