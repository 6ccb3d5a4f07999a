import type { Fragment } from '../../core/dialect.ts'
import { listOf, numberOf, objectOf, textOf } from '../../core/json.ts'
import type { Citation } from '../../core/response.ts'

/** Reads the sources of one answer, each of them once. */
export interface CitationReader {
  /** Adds the new sources of a candidate to `out`. `text`: the answer so far, in whose UTF-8 bytes the wire counts. */
  read(candidate: Record<string, unknown>, text: string, out: Fragment[]): void
}

export function createCitationReader(choice: number | undefined): CitationReader {
  const seen = new Set<string>()
  const mark = choice === undefined ? undefined : { choice }
  return {
    read: ({ citationMetadata, groundingMetadata }, text, out) => {
      for (const citation of [
        ...readQuotes(citationMetadata, text),
        ...readGrounds(groundingMetadata, text),
      ]) {
        const key = JSON.stringify(citation)
        if (!seen.has(key)) out.push({ type: 'citation', ...citation, ...mark })
        seen.add(key)
      }
    },
  }
}

// Sources that the answer quotes.
function readQuotes(value: unknown, text: string): Citation[] {
  const metadata = objectOf(value)
  const sources = listOf(metadata['citations'] ?? metadata['citationSources'])
  return sources.map(objectOf).flatMap((source) => {
    const url = textOf(source['uri'])
    const title = textOf(source['title'])
    if (url === undefined && title === undefined) return []
    return [trimmed({ url, title, ...rangeOf(source, text) })]
  })
}

// Sources of the search: those of each passage, then those without a passage.
function readGrounds(value: unknown, text: string): Citation[] {
  const { groundingChunks, groundingSupports } = objectOf(value)
  const sources = listOf(groundingChunks).map(readSource)
  const cited = new Set<unknown>()
  const passages = listOf(groundingSupports).flatMap((item) => {
    const support = objectOf(item)
    const segment = objectOf(support['segment'])
    return listOf(support['groundingChunkIndices']).flatMap((index) => {
      const source = sources[numberOf(index) ?? -1]
      if (source === undefined) return []
      cited.add(source)
      const words = textOf(segment['text'])
      return [trimmed({ ...source, text: source.text ?? words, ...rangeOf(segment, text) })]
    })
  })
  return [...passages, ...sources.filter((source) => source !== undefined && !cited.has(source)).map(trimmed)]
}

function readSource(item: unknown): Citation | undefined {
  const chunk = objectOf(item)
  const source = objectOf(chunk['web'] ?? chunk['retrievedContext'] ?? chunk['maps'] ?? chunk['image'])
  const url = textOf(source['uri']) ?? textOf(source['sourceUri'])
  const title = textOf(source['title'])
  const text = textOf(source['text'])
  return url === undefined && title === undefined && text === undefined ? undefined : { url, title, text }
}

/** Position of a passage in UTF-16 units: by its byte range if that gives its text, else by searching for its text. */
function rangeOf(passage: Record<string, unknown>, text: string): { start?: number; end?: number } {
  const to = numberOf(passage['endIndex'])
  const words = textOf(passage['text'])
  const start = to === undefined ? undefined : unitsOf(text, numberOf(passage['startIndex']) ?? 0)
  const end = to === undefined ? undefined : unitsOf(text, to)
  if (start !== undefined && end !== undefined && (words === undefined || text.slice(start, end) === words))
    return { start, end }
  const found = words === undefined ? -1 : text.indexOf(words)
  return found === -1 || words === undefined ? {} : { start: found, end: found + words.length }
}

/** Length in UTF-16 units of the first `bytes` bytes of the text; `undefined` if the text is shorter. */
function unitsOf(text: string, bytes: number): number | undefined {
  let units = 0
  let left = bytes
  while (left > 0 && units < text.length) {
    const point = text.codePointAt(units) ?? 0
    left -= point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    units += point < 0x10000 ? 1 : 2
  }
  return left > 0 ? undefined : units
}

function trimmed(citation: Citation | undefined): Citation {
  return Object.fromEntries(Object.entries(citation ?? {}).filter(([, value]) => value !== undefined))
}
