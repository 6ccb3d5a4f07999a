export {
  createChatDictionary,
  type ChatDictionary,
  type ChatDictionaryOptions,
  type ChatDictionaryStats,
  type ChatEntry,
  type ChatReplacement,
  type ChatStrategy,
} from './chat-dictionary.ts'
export {
  createDictionaryLibrary,
  type DictionaryInput,
  type DictionaryLibrary,
  type DictionaryLibraryOptions,
  type EntryHit,
} from './dictionary-library.ts'
export type { EntryChanges } from './entry-changes.ts'
export type { ProcessOptions, ProcessResult } from './apply-dictionary.ts'
export type { Dictionary, DictionaryEntry, DictionaryEntryInput, DictionaryHead } from './record.ts'
export type { DictionaryStatistics } from './statistics.ts'
export {
  createMemoryDictionaryStore,
  type DictionaryQuery,
  type DictionaryStore,
  type EntryUsage,
  type EntryUse,
} from './store.ts'
export { formatDictionaryText, parseDictionaryText, type KeyedText } from './text-file.ts'
export type { TimedEffects } from './entry-cooldown.ts'
export { compilePattern } from './pattern.ts'
export { readRegexKey } from './regex-key.ts'
