import { LlmError } from '../../core/error.ts'
import { matching, type Field } from '../../core/schema.ts'
import {
  type Migration,
  schemaMigrations,
  type SearchDialect,
  type SqlDialect,
  type SqlFault,
  type TableName,
} from '../sql/index.ts'

/** The option `schema`. */
export const schemaField: Field = matching(
  /^[a-z_][a-z0-9_]{0,60}$/,
  'a name of lower-case letters, digits and _ that starts with no digit',
)
const MAX_QUERY_WORDS = 32

/** The SQL dialect of PostgreSQL, with every table in the checked `schema`. */
export function postgresDialect(schema: string): SqlDialect {
  const table = (name: TableName): string => `"${schema}"."${name}"`
  return {
    table,
    migrations: migrations(table, schema),
    async lockMigrations(session) {
      const lock = 'select pg_advisory_xact_lock(hashtextextended($1, 0))'
      await session.query(lock, [`llm-switchyard migrations of ${schema}`])
      // Looks first, because a role without the right to create schemas may still use one that exists.
      const found = await session.query('select 1 from pg_namespace where nspname = $1', [schema])
      if (found.length === 0) await session.query(`create schema "${schema}"`, [])
    },
    lockRows: (alias) => ` for no key update of ${alias}`,
    listed: (column, place) => `${column} in (select jsonb_array_elements_text($${place}::jsonb))`,
    oneStatement: true,
    search: searchIn(table('messages')),
    fault,
  }
}

function migrations(table: SqlDialect['table'], schema: string): readonly Migration[] {
  return schemaMigrations({
    table,
    // An index lives in the schema of its table, so its name needs no prefix.
    name: (of, suffix) => `${of}_${suffix}`,
    index: (name) => `"${schema}"."${name}"`,
    // Compares byte by byte, whatever the collation of the database is.
    id: 'text collate "C"',
    integer: 'bigint',
    flag: 'smallint',
    place: 'place bigint generated always as identity primary key',
    updatedOften: ' with (fillfactor = 80)',
    keyOnly: '',
    messages: {
      first: [],
      last: ['words tsvector not null'],
      keys: [
        'primary key (conversation_id, sequence)',
        'constraint messages_id unique (conversation_id, id)',
      ],
      search: [`create index messages_words on ${table('messages')} using gin (words)`],
    },
  })
}

function searchIn(messages: string): SearchDialect {
  const vector = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ')
  return {
    join: '',
    where: (place) => `m.words @@ $${place}::tsquery`,
    // Words contain only letters, digits and marks, so nothing can end the quotes.
    value: (words) =>
      words
        .slice(0, MAX_QUERY_WORDS)
        .map((word) => `'${word}':*`)
        .join(' & '),
    column: 'words',
    columnValue: vector,
    async replace(session, { conversationId, sequence, words }) {
      const set = 'set words = $3::tsvector where conversation_id = $1 and sequence = $2'
      await session.query(`update ${messages} ${set}`, [conversationId, sequence, vector(words)])
    },
  }
}

const DOWN: RegExp = /^(08...|57P0[1-5]|53300|ECONN.*|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)$/
const DENIED: RegExp = /^(28...|3D000|42501)$/
const LOST: RegExp = /connection terminated|timeout exceeded when trying to connect|client has encountered/i

function fault(error: unknown): SqlFault | undefined {
  const { code, constraint, message } = error as { code?: unknown; constraint?: unknown; message?: unknown }
  const state = typeof code === 'string' ? code : ''
  if (state === '23505') return { type: 'unique', detail: String(constraint) }
  if (state === '23503') return { type: 'foreign-key' }
  if (state === '40001' || state === '40P01')
    return {
      type: 'retry',
      error: storeError(
        'overloaded',
        'store-busy',
        'the transaction conflicted with another: try again',
        error,
      ),
    }
  if (state === '55P03' || (state === '57014' && /timeout/i.test(String(message)))) {
    const problem = 'the database did not end the statement in its time (statementTimeoutMs): try again'
    return { type: 'other', error: storeError('overloaded', 'store-timeout', problem, error) }
  }
  if (state === '57014')
    return {
      type: 'other',
      error: storeError(
        'aborted',
        undefined,
        'the statement was cancelled before it ended: try again',
        error,
      ),
    }
  if (DOWN.test(state) || LOST.test(String(message)))
    return {
      type: 'other',
      error: storeError('overloaded', 'store-down', unreachable(error), error),
    }
  if (DENIED.test(state)) {
    const problem = `the database denied access (SQLSTATE ${state}): check user, password, database name and privileges`
    return { type: 'other', error: storeError('misconfigured', 'store-denied', problem, error) }
  }
  if (state === '42P01' || state === '3F000') {
    const problem =
      'the tables of the store are missing: call migrate(), or leave the option migrate at first-use'
    return { type: 'other', error: storeError('misconfigured', 'schema-missing', problem, error) }
  }
  if (!/^[0-9A-Z]{5}$/.test(state)) return undefined
  const problem = `the database rejected the statement (SQLSTATE ${state}): see cause`
  return { type: 'other', error: storeError('server-failed', 'store-failed', problem, error) }
}

/** Says what failed and where; never the connection string, because it holds the password. */
function unreachable(error: unknown): string {
  const { errors, code, message } = error as {
    errors?: readonly unknown[]
    code?: unknown
    message?: unknown
  }
  const { address, hostname, port } = (errors?.[0] ?? error) as {
    [K in 'address' | 'hostname' | 'port']?: string
  }
  const where = [address ?? hostname, port].filter((part) => part !== undefined).join(':')
  return `cannot reach the database${where === '' ? '' : ` at ${where}`} (${String(code ?? message)}): check the server and the address, then try again`
}

function storeError(
  kind: 'overloaded' | 'aborted' | 'misconfigured' | 'server-failed',
  code: string | undefined,
  problem: string,
  cause: unknown,
): LlmError {
  return new LlmError(kind, `postgres: ${problem}`, { code, cause })
}
