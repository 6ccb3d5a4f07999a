import type { LlmError } from '../../core/error.ts'
import type { SqlSession } from './executor.ts'

/** Tables of a store. */
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
  | 'user_totals'
  | 'personas'
  | 'dictionaries'
  | 'dictionary_uses'
  | 'runs'

/** One step of the schema. Steps are numbered from 1; a released step never changes. */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly statements: readonly string[]
}

/** The words by which search finds a message. */
export interface WordsOf {
  readonly conversationId: string
  readonly sequence: number
  readonly words: readonly string[]
}

/** What differs between SQL databases. */
export interface SqlDialect {
  /** Returns the name of a table with its schema or prefix, quoted if needed. */
  table(name: TableName): string
  readonly migrations: readonly Migration[]
  /** Runs before the migrations and makes other migrating processes wait. */
  lockMigrations(session: SqlSession): Promise<void>
  /** Returns a suffix for selects that locks the rows of `alias` until the transaction ends. */
  lockRows(alias: string): string
  /** Returns the condition that `column` is in the JSON list at placeholder `$place`. */
  listed(column: string, place: number): string
  /** Whether one statement can update a table and insert into another with the result. */
  readonly oneStatement: boolean
  readonly search: SearchDialect
  /** Converts a driver error; returns `undefined` if it is unknown. */
  fault(error: unknown): SqlFault | undefined
}

/** How a database finds messages by words. */
export interface SearchDialect {
  /** Join to append to `from messages m`. */
  readonly join: string
  /** Returns the condition for the value at placeholder `$place`. */
  where(place: number): string
  /**
   * Returns the value to search for: each word is a prefix of a word in the message. With an id, only in that
   * conversation.
   */
  value(words: readonly string[], conversationId: string | undefined): string
  /** Column of `messages` with the search words, if the database has one. */
  readonly column: string | undefined
  columnValue(words: readonly string[]): string
  /** Indexes the words of inserted messages, for databases without such a column. */
  note?(session: SqlSession, entries: readonly WordsOf[]): Promise<void>
  /** Replaces the words of one message. */
  replace(session: SqlSession, entry: WordsOf): Promise<void>
}

/** A driver error by type. `detail` names the constraint or the columns, if the driver reports them. */
export type SqlFault =
  | { readonly type: 'unique'; readonly detail: string }
  | { readonly type: 'foreign-key' }
  | { readonly type: 'retry'; readonly error: LlmError }
  | { readonly type: 'other'; readonly error: LlmError }
