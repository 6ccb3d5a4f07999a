import { jsonSchemaOf } from '../core/json-schema.ts'
import { objectOf } from '../core/json.ts'
import type { Tool } from '../core/request.ts'

/** What a match of one word counts, by where the word is. */
const WEIGHTS = { name: 8, tags: 4, description: 2, parameters: 1 }
type Place = keyof typeof WEIGHTS

/** The tools that match a query, best first; of equals in the given order. A query without words matches none. */
export function rankTools(tools: readonly Tool[], query: string): readonly Tool[] {
  const words = wordsOf(query).slice(0, MAX_WORDS)
  const ranked = tools.map((tool) => ({ tool, score: scoreOf(tool, words) }))
  return ranked
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .map(({ tool }) => tool)
}

function scoreOf(tool: Tool, words: readonly string[]): number {
  const schema = tool.parameters ?? tool.inputSchema
  const properties = schema === undefined ? {} : objectOf(jsonSchemaOf(schema, 'parameters')['properties'])
  const texts: Record<Place, string> = {
    name: tool.name,
    tags: (tool.tags ?? []).join(' '),
    description: tool.description ?? '',
    parameters: Object.keys(properties).join(' '),
  }
  let score = 0
  for (const place of Object.keys(WEIGHTS) as Place[]) {
    const there = wordsOf(texts[place])
    for (const word of words) score += WEIGHTS[place] * bestMatch(word, there)
  }
  return score
}

// `invoices` finds `invoice`: a word that begins with another is worth half of an equal one.
function bestMatch(word: string, there: readonly string[]): number {
  if (there.includes(word)) return 1
  const isAlike = (other: string): boolean =>
    Math.min(word.length, other.length) > 2 && (other.startsWith(word) || word.startsWith(other))
  return there.some(isAlike) ? 0.5 : 0
}

// Names are written `list_invoices` and `listInvoices`.
function wordsOf(text: string): string[] {
  const spaced = text.slice(0, MAX_TEXT).replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
  return spaced.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}
const MAX_TEXT = 2_000
const MAX_WORDS = 20
