/** The text of a raw block, and where the template goes on. */
export interface RawBlock {
  readonly text: string
  /** Position after the end tag. */
  readonly next: number
  /** The end tag drops the blanks behind it. */
  readonly trimsAfter: boolean
}

interface RawTag {
  readonly opens: boolean
  readonly start: number
  readonly next: number
  readonly trimsBefore: boolean
  readonly trimsAfter: boolean
}

/** Finds the `end<name>` that belongs to a block opened before `from`; blocks of the same name nest. One pass. */
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

/** The tag at `start` if it opens or closes a raw block, and nothing else. */
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
