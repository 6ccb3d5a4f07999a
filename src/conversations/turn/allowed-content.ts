import type { StoredMessage, StoredPart } from '../storage/index.ts'
import { sameContent } from '../contract/index.ts'

type Content = StoredMessage['content']

/**
 * Returns the content that may be stored after moderation changed `sent` to `allowed`: what the person wrote, with the same
 * changes. `sent` is `stored` with the texts of templates and context around it. Where a change cannot be found in `stored`,
 * the moderated text is stored, because moderated text must not be.
 */
export function allowedContent(stored: Content, sent: Content, allowed: Content): Content {
  if (sameContent(sent, allowed)) return stored
  if (typeof stored === 'string')
    return typeof sent === 'string' && typeof allowed === 'string'
      ? allowedText(stored, sent, allowed)
      : allowed
  if (typeof sent === 'string' || typeof allowed === 'string' || sent.length !== allowed.length)
    return allowed
  // A text that was put before a message without text is a part of its own.
  const skip = sent.length - stored.length
  if (skip < 0 || skip > 1) return allowed
  return stored.map((part, at) => allowedPart(part, sent[at + skip], allowed[at + skip]))
}

function allowedPart(
  stored: StoredPart,
  sent: StoredPart | undefined,
  allowed: StoredPart | undefined,
): StoredPart {
  if (allowed === undefined || sameContent(sent, allowed)) return stored
  if (stored.type !== 'text' || sent?.type !== 'text' || allowed.type !== 'text') return allowed
  return { ...stored, text: allowedText(stored.text, sent.text, allowed.text) }
}

function allowedText(stored: string, sent: string, allowed: string): string {
  const changes = changesOf(sent, allowed)
  const at = sent.indexOf(stored)
  const within = at < 0 || stored === '' ? undefined : applyWithin(stored, at, changes)
  return within ?? applyFound(stored, changes) ?? allowed
}

/** A range of the sent text, and what moderation made of it. */
interface Change {
  readonly start: number
  readonly end: number
  readonly removed: string
  readonly added: string
}

/** Applies the changes to the text that is in the sent one at `at`. A change across its border applies to its part. */
function applyWithin(stored: string, at: number, changes: readonly Change[]): string {
  let text = ''
  let from = 0
  for (const { start, end, added } of changes) {
    const [left, right] = [Math.max(0, start - at), Math.min(stored.length, end - at)]
    if (right < left || end <= at || start >= at + stored.length) continue
    text += stored.slice(from, left) + added
    from = right
  }
  return text + stored.slice(from)
}

/** Applies the changes, in order, to a text that a template or a transform changed. `undefined` if one is not found in it. */
function applyFound(stored: string, changes: readonly Change[]): string | undefined {
  let text = ''
  let from = 0
  for (const { removed, added } of changes) {
    const at = removed.trim() === '' ? -1 : stored.indexOf(removed, from)
    if (at < 0) return undefined
    text += stored.slice(from, at) + added
    from = at + removed.length
  }
  return text + stored.slice(from)
}

const MAX_AHEAD = 200

/** Compares two texts word by word. Every word that no change covers is in both, so that none of it was redacted. */
function changesOf(sent: string, allowed: string): readonly Change[] {
  const [old, next] = [wordsOf(sent), wordsOf(allowed)]
  const changes: Change[] = []
  let [at, i, j] = [0, 0, 0]
  while (i < old.length || j < next.length) {
    if (old[i] === next[j]) {
      at += old[i]?.length ?? 0
      i++
      j++
      continue
    }
    const [skipOld, skipNext] = nextCommon(old, next, { i, j })
    const removed = old.slice(i, i + skipOld).join('')
    changes.push(trimmed({ start: at, removed, added: next.slice(j, j + skipNext).join('') }))
    at += removed.length
    i += skipOld
    j += skipNext
  }
  return changes
}

function wordsOf(text: string): string[] {
  return text.split(/(\s+)/)
}

/** Returns how many words to pass over on each side up to the next common word, or all of them. */
function nextCommon(
  old: readonly string[],
  next: readonly string[],
  { i, j }: { readonly i: number; readonly j: number },
): readonly [number, number] {
  for (let sum = 1; sum <= MAX_AHEAD; sum++)
    for (let skip = 0; skip <= sum; skip++) {
      const word = old[i + skip]
      if (word !== undefined && word.trim() !== '' && word === next[j + sum - skip]) return [skip, sum - skip]
    }
  return [old.length - i, next.length - j]
}

const MARKS = /[^\p{L}\p{N}]/u

/** Leaves out the marks that both sides begin or end with, such as the quotation marks of a template. */
function trimmed({ start, removed, added }: Omit<Change, 'end'>): Change {
  const least = Math.min(removed.length, added.length)
  let lead = 0
  while (lead < least && removed[lead] === added[lead] && MARKS.test(removed[lead] ?? '')) lead++
  let tail = 0
  while (
    tail < least - lead &&
    removed.at(-1 - tail) === added.at(-1 - tail) &&
    MARKS.test(removed.at(-1 - tail) ?? '')
  )
    tail++
  const end = start + removed.length - tail
  return {
    start: start + lead,
    end,
    removed: removed.slice(lead, removed.length - tail),
    added: added.slice(lead, added.length - tail),
  }
}
