import { LlmError } from '../../core/error.ts'
import { matching, type Field } from '../../core/schema.ts'
import {
  type Migration,
  schemaMigrations,
  type SearchDialect,
  type SqlDialect,
  type SqlFault,
  type TableName,
  type WordsOf,
} from '../sql/index.ts'

/** The option `prefix`. */
export const prefixField: Field = matching(
  /^[a-z_][a-z0-9_]{0,40}$/,
  'a name of lower-case letters, digits and _ that starts with no digit',
)

/** The SQL dialect of SQLite, with every table name starting with the checked `prefix`. */
export function sqliteDialect(prefix: string): SqlDialect {
  const table = (name: TableName): string => prefix + name
  const words = `${prefix}message_words`
  return {
    table,
    migrations: migrations(table, words),
    // The transaction already holds the write lock of the file.
    lockMigrations: async () => undefined,
    lockRows: () => '',
    listed: (column, place) => `${column} in (select value from json_each($${place}))`,
    oneStatement: false,
    search: searchIn(table('messages'), words),
    fault,
  }
}

function migrations(table: SqlDialect['table'], words: string): readonly Migration[] {
  const messages = table('messages')
  const fts = "(words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii')"
  const forget = `begin delete from ${words} where rowid = old.place; end`
  return schemaMigrations({
    table,
    name: (of, suffix) => `${table(of)}_${suffix}`,
    index: (name) => name,
    id: 'text',
    integer: 'integer',
    flag: 'integer',
    place: 'place integer primary key autoincrement',
    updatedOften: '',
    keyOnly: ' without rowid',
    messages: {
      // A vacuum may change an implicit rowid, and the search index refers to it, so the table declares the column.
      first: ['place integer primary key'],
      last: [],
      keys: ['unique (conversation_id, sequence)', 'unique (conversation_id, id)'],
      search: [
        `create virtual table ${words} using fts5 ${fts}`,
        `create trigger ${messages}_gone after delete on ${messages} ${forget}`,
      ],
    },
  })
}

function searchIn(messages: string, index: string): SearchDialect {
  const insert = async (
    session: Parameters<SearchDialect['replace']>[0],
    { conversationId, sequence, words }: WordsOf,
  ): Promise<void> => {
    const place = `select place, $3 from ${messages} where conversation_id = $1 and sequence = $2`
    const all = [conversationWord(conversationId), ...words].join(' ')
    await session.query(`insert into ${index} (rowid, words) ${place}`, [conversationId, sequence, all])
  }
  return {
    join: `join ${index} w on w.rowid = m.place`,
    where: (place) => `${index} match $${place}`,
    value: (words, conversationId) => {
      const beginnings = words.map((word) => `"${word}"*`)
      if (conversationId !== undefined) beginnings.push(`"${conversationWord(conversationId)}"`)
      return beginnings.join(' ')
    },
    column: undefined,
    columnValue: () => '',
    async note(session, entries) {
      for (const entry of entries) await insert(session, entry)
    },
    async replace(session, entry) {
      const place = `select place from ${messages} where conversation_id = $1 and sequence = $2`
      const values = [entry.conversationId, entry.sequence]
      await session.query(`delete from ${index} where rowid = (${place})`, values)
      await insert(session, entry)
    },
  }
}

// Stored among the words, so that the index itself narrows a search to one conversation. No word of a message starts
// with a private-use character.
function conversationWord(conversationId: string): string {
  return `\ue000${Buffer.from(conversationId).toString('hex')}`
}

const BUSY = 5
const LOCKED = 6

function fault(error: unknown): SqlFault | undefined {
  const { message = '', errcode } = error as { message?: unknown; errcode?: unknown }
  const said = String(message)
  if (said.startsWith('UNIQUE constraint failed')) return { type: 'unique', detail: said }
  if (said.startsWith('FOREIGN KEY constraint failed')) return { type: 'foreign-key' }
  if (isBusy(error)) return { type: 'other', error: busyError(error) }
  if (typeof errcode !== 'number' && !said.includes('database')) return undefined
  const hint = said.includes('no such table') ? '; call migrate(), or leave migrate at first-use' : ''
  return {
    type: 'other',
    error: new LlmError('server-failed', `sqlite: the statement failed: ${said}${hint}`, {
      code: 'store-failed',
      cause: error,
    }),
  }
}

/** Whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown }
  if (typeof errcode === 'number') return (errcode & 0xff) === BUSY || (errcode & 0xff) === LOCKED
  return typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code)
}

function busyError(cause: unknown): LlmError {
  return new LlmError(
    'overloaded',
    'sqlite: another process holds the write lock of the database: try again',
    {
      code: 'store-busy',
      cause,
    },
  )
}
