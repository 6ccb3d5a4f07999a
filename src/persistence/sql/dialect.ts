import type { LlmError } from '../../core/error.ts'
import type { SqlSession } from './executor.ts'

/** The tables of a store. */
export type TableName =
  | 'migrations'
  | 'conversations'
  | 'members'
  | 'messages'
  | 'reactions'
  | 'attachments'
  | 'tasks'
  | 'summaries'
  | 'user_usage'
  | 'personas'

/** One step of the schema. Steps are numbered from 1, are never changed once shipped, and only ever added to. */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly statements: readonly string[]
}

/** A message whose words are to be found by search. */
export interface WordsOf {
  readonly conversationId: string
  readonly sequence: number
  readonly words: readonly string[]
}

/** What one SQL database says differently from another. */
export interface SqlDialect {
  /** A table with its schema or prefix, quoted. */
  table(name: TableName): string
  readonly migrations: readonly Migration[]
  /** Before the migrations: makes sure that nobody else migrates at the same time. */
  lockMigrations(session: SqlSession): Promise<void>
  /** Behind a select of conversations or messages: nobody else changes these rows until the transaction ends. */
  lockRows(alias: string): string
  /** A condition: `column` is in the JSON list at place `$place`. */
  listed(column: string, place: number): string
  /** True where a statement may change one table and insert into another with what came of it. */
  readonly oneStatement: boolean
  readonly search: SearchDialect
  /** The error of a driver as one of ours; `undefined` for one that is none of the known. */
  fault(error: unknown): SqlFault | undefined
}

/** How a database finds messages by their words. */
export interface SearchDialect {
  /** Behind `from messages m`. */
  readonly join: string
  /** The condition with the place of its value. */
  where(place: number): string
  /** The value: every word begins one of the message's; in one conversation where it is given. */
  value(words: readonly string[], conversationId: string | undefined): string
  /** A column of `messages` that takes the words when a message is inserted, where there is one. */
  readonly column: string | undefined
  columnValue(words: readonly string[]): string
  /** Where there is no such column: notes the words of messages that were inserted. */
  note?(session: SqlSession, entries: readonly WordsOf[]): Promise<void>
  /** Replaces the words of one message. */
  replace(session: SqlSession, entry: WordsOf): Promise<void>
}

/** What went wrong. `unique` carries the constraint or columns as far as the driver tells. */
export type SqlFault =
  | { readonly type: 'unique'; readonly detail: string }
  | { readonly type: 'foreign-key' }
  | { readonly type: 'retry'; readonly error: LlmError }
  | { readonly type: 'other'; readonly error: LlmError }
