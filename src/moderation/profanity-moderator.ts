import type * as Obscenity from 'obscenity'
import { LlmError } from '../core/error.ts'
import type { ModerationAction, Moderator } from './moderator.ts'
import { SegmentScan, type FindInSegment } from './segment-scan.ts'

export interface ProfanityModeratorOptions {
  /** Further words, in the pattern syntax of `obscenity`: `|word|` stands alone, `[x]` may be left out. */
  readonly words?: readonly string[] | undefined
  /** Words that are fine. */
  readonly allowed?: readonly string[] | undefined
  /** False leaves the English list of `obscenity` out: only `words` count. Default true. */
  readonly english?: boolean | undefined
  /** Default: what the policy says. */
  readonly action?: ModerationAction | undefined
  readonly replacement?: string | undefined
  /** Default `profanity`. */
  readonly name?: string | undefined
}

/**
 * Finds swear words, also stretched and disguised ones, with the package `obscenity`: an optional peer that is loaded
 * here. Rejects with `misconfigured` where it is not installed. Streams are read sentence by sentence.
 */
export async function createProfanityModerator(options: ProfanityModeratorOptions = {}): Promise<Moderator> {
  const { action, replacement, name = 'profanity' } = options
  const matcher = matcherOf(await load(), options)
  const finding = { categories: ['profanity'], action, replacement }
  const find: FindInSegment = (segment) => {
    let at = 0
    return matcher.getAllMatches(segment, true).flatMap(({ startIndex, endIndex }) => {
      if (startIndex < at) return []
      at = endIndex + 1
      return [{ ...finding, start: startIndex, end: at }]
    })
  }
  return { name, scan: (judge) => new SegmentScan(find, judge) }
}

async function load(): Promise<typeof Obscenity> {
  try {
    return await import('obscenity')
  } catch (error) {
    const message = 'createProfanityModerator needs the package obscenity: npm install obscenity'
    throw new LlmError('misconfigured', message, { cause: error })
  }
}

function matcherOf(
  {
    DataSet,
    RegExpMatcher,
    englishDataset,
    englishRecommendedTransformers,
    parseRawPattern,
  }: typeof Obscenity,
  { words = [], allowed = [], english = true }: ProfanityModeratorOptions,
): Obscenity.RegExpMatcher {
  const data = new DataSet<{ originalWord: string }>()
  if (english) data.addAll(englishDataset)
  for (const word of words)
    data.addPhrase((phrase) => phrase.setMetadata({ originalWord: word }).addPattern(parseRawPattern(word)))
  const built = data.build()
  return new RegExpMatcher({
    ...built,
    whitelistedTerms: [...(built.whitelistedTerms ?? []), ...allowed],
    ...englishRecommendedTransformers,
  })
}
