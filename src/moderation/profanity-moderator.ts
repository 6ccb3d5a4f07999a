import type * as Obscenity from 'obscenity'
import { LlmError } from '../core/error.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { flag, listOf, nonEmptyText, text, type Group } from '../core/schema.ts'
import { actionField } from './moderation-fields.ts'
import type { ModerationAction, Moderator } from './moderator.ts'
import { SegmentScan, type FindInSegment } from './segment-scan.ts'

/** Options of {@link createProfanityModerator}. */
export interface ProfanityModeratorOptions {
  /** Additional words in the pattern syntax of `obscenity`: `|word|` is a whole word, `[x]` is optional. */
  readonly words?: readonly string[] | undefined
  /** Words that are allowed. */
  readonly allowed?: readonly string[] | undefined
  /** Whether the English word list of `obscenity` is used. Default true. */
  readonly english?: boolean | undefined
  /** Action for a finding. Default: the action of the policy. */
  readonly action?: ModerationAction | undefined
  /** Text that replaces a finding. Default: the replacement of the policy. */
  readonly replacement?: string | undefined
  /** Name in events and errors. Default `profanity`. */
  readonly name?: string | undefined
}

/** The schema of {@link ProfanityModeratorOptions}. */
export const profanityModeratorSchema: Group = optionsSchema<ProfanityModeratorOptions>()(() => ({
  words: listOf(nonEmptyText),
  allowed: listOf(nonEmptyText),
  english: flag,
  action: actionField,
  replacement: text,
  name: text,
}))

/**
 * Creates a moderator that finds profanity, stretched and disguised spellings included. Scans streams sentence by
 * sentence. Rejects with `misconfigured` if the optional peer `obscenity` is not installed.
 */
export async function createProfanityModerator(options: ProfanityModeratorOptions = {}): Promise<Moderator> {
  checkOptions('createProfanityModerator', profanityModeratorSchema, options)
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
    const message =
      'createProfanityModerator: package "obscenity" could not be loaded; run npm install obscenity'
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
