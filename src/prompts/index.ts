export {
  completePersona,
  definePersona,
  defaultPersona,
  greetingOf,
  personaName,
  personaPrompt,
  type Persona,
  type PersonaInput,
} from './persona.ts'
export { readPersonaCard, writePersonaCard } from './persona-card.ts'
export {
  createMemoryPersonaStore,
  isVisibleTo,
  type PersonaQuery,
  type PersonaStore,
} from './persona-store.ts'
export {
  createPersonaLibrary,
  type FoundPersona,
  type PersonaLibrary,
  type PersonaLibraryOptions,
} from './persona-library.ts'
export { parseExampleDialogue } from './example-dialogue.ts'
export { speakerName } from './speaker-name.ts'
export { fillMessages, fillPlaceholders, type PlaceholderNames } from './placeholders.ts'
export { createRandom, type Random } from './random.ts'
export {
  createContextResolver,
  defaultModes,
  type ContextPrompt,
  type ContextResolver,
  type ContextResolverOptions,
  type Mode,
  type ResolvedContext,
} from './context-resolver.ts'
export {
  createPromptComposer,
  insertPlaced,
  type ComposedParts,
  type ComposedPrompt,
  type PromptComposer,
  type PromptComposerOptions,
  type PromptInput,
} from './composer.ts'
export {
  createMessagePipeline,
  type MessagePipeline,
  type PipelineResult,
  type PipelineStep,
} from './message-pipeline.ts'
export { mapResponseText } from './response-text.ts'
export {
  createChatDictionary,
  createDictionaryLibrary,
  createMemoryDictionaryStore,
  formatDictionaryText,
  parseDictionaryText,
  type ChatDictionary,
  type ChatDictionaryOptions,
  type ChatDictionaryStats,
  type ChatEntry,
  type ChatReplacement,
  type ChatStrategy,
  type Dictionary,
  type DictionaryEntry,
  type DictionaryEntryInput,
  type DictionaryHead,
  type DictionaryInput,
  type DictionaryLibrary,
  type DictionaryLibraryOptions,
  type DictionaryQuery,
  type DictionaryStatistics,
  type DictionaryStore,
  type EntryChanges,
  type EntryHit,
  type EntryUsage,
  type EntryUse,
  type KeyedText,
  type ProcessOptions,
  type ProcessResult,
  type TimedEffects,
} from './dictionary/index.ts'
export {
  composePersona,
  type LoreOptions,
  type PersonaParts,
  type PersonaUse,
  type PlacedMessage,
} from './persona-parts.ts'
