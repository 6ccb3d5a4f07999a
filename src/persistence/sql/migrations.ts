import type { Migration, TableName } from './dialect.ts'
import { usageColumns } from './usage-columns.ts'

/** The types, table options and search index of one database. */
export interface SchemaDialect {
  /** Returns the name of a table with its schema or prefix. */
  table(name: TableName): string
  /** Returns the name of an index, as it is created. */
  name(table: TableName, suffix: string): string
  /** Returns the name of an index, as it is dropped. */
  index(name: string): string
  /** Type of ids and names, compared byte by byte. */
  readonly id: string
  /** Type of counts and of times in ms. */
  readonly integer: string
  /** Type of 0 or 1. */
  readonly flag: string
  /** Column `place`: an ascending number that is never reused. */
  readonly place: string
  /** Options of tables whose rows are updated often. */
  readonly updatedOften: string
  /** Options of tables that consist of their primary key. */
  readonly keyOnly: string
  readonly messages: {
    /** Columns before and after those that all databases have. */
    readonly first: readonly string[]
    readonly last: readonly string[]
    /** Keys on conversation and sequence, and on conversation and id. */
    readonly keys: readonly string[]
    /** Statements that create the search index. */
    readonly search: readonly string[]
  }
}

/** Returns the steps of the schema. The statements of a released step never change. */
export function schemaMigrations(schema: SchemaDialect): readonly Migration[] {
  const first = [...conversations(schema), ...messages(schema), ...parts(schema)]
  return [
    { number: 1, name: 'conversations', statements: first },
    { number: 2, name: 'tenants', statements: tenants(schema) },
    { number: 3, name: 'dictionaries', statements: dictionaries(schema) },
    { number: 4, name: 'runs', statements: runs(schema) },
  ]
}

function list(lines: readonly string[]): string {
  return `(\n  ${lines.join(',\n  ')}\n)`
}

function counts({ integer }: SchemaDialect): readonly string[] {
  return usageColumns.map((column) => `${column} ${integer} not null default 0`)
}

function conversations(schema: SchemaDialect): readonly string[] {
  const { table, name, id, integer, updatedOften, keyOnly } = schema
  const [all, members] = [table('conversations'), table('members')]
  const index = (suffix: string): string => `index ${name('conversations', suffix)} on ${all}`
  const columns = [
    `id ${id} primary key`,
    `user_id ${id} not null`,
    `org_id ${id}`,
    `project_id ${id}`,
    `persona_id ${id}`,
    `parent_id ${id} references ${all} (id) on delete set null`,
    `root_id ${id} not null`,
    `request_id ${id}`,
    'status text not null',
    'title_words text not null',
    `message_count ${integer} not null`,
    `last_sequence ${integer} not null`,
    ...counts(schema),
    `version ${integer} not null`,
    `created_at ${integer} not null`,
    `updated_at ${integer} not null`,
    `last_activity_at ${integer} not null`,
    `deleted_at ${integer}`,
    'body text not null',
  ]
  const membership = [
    `conversation_id ${id} not null references ${all} (id) on delete cascade`,
    `user_id ${id} not null`,
    'primary key (conversation_id, user_id)',
  ]
  const usage = [`user_id ${id} primary key`, `last_used_at ${integer} not null`, ...counts(schema)]
  return [
    `create table ${all} ${list(columns)}${updatedOften}`,
    `create unique ${index('request')} (user_id, request_id) where request_id is not null`,
    `create ${index('activity')} (user_id, last_activity_at, id)`,
    `create ${index('created')} (user_id, created_at, id)`,
    `create ${index('org')} (org_id, project_id, last_activity_at) where org_id is not null`,
    `create ${index('project')} (project_id, last_activity_at) where project_id is not null`,
    `create ${index('parent')} (parent_id) where parent_id is not null`,
    `create table ${members} ${list(membership)}${keyOnly}`,
    `create index ${name('members', 'user')} on ${members} (user_id)`,
    `create table ${table('user_usage')} ${list(usage)}${updatedOften}`,
  ]
}

function messages({ table, name, id, integer, flag, messages: own }: SchemaDialect): readonly string[] {
  const all = table('messages')
  const index = (suffix: string): string => `index ${name('messages', suffix)} on ${all}`
  const columns = [
    ...own.first,
    `conversation_id ${id} not null references ${table('conversations')} (id) on delete cascade`,
    `sequence ${integer} not null`,
    `id ${id} not null`,
    'role text not null',
    `parent_id ${id}`,
    `variant_of ${id}`,
    `active ${flag} not null`,
    `request_id ${id}`,
    `request_step ${integer}`,
    `version ${integer} not null`,
    `created_at ${integer} not null`,
    `deleted_at ${integer}`,
    'body text not null',
    ...own.last,
    ...own.keys,
  ]
  return [
    `create table ${all} ${list(columns)}`,
    `create unique ${index('request')} (conversation_id, request_id, request_step) where request_id is not null`,
    `create ${index('history')} (conversation_id, sequence) where active = 1 and deleted_at is null`,
    `create ${index('system')} (conversation_id, sequence) where role = 'system'`,
    `create ${index('parent')} (conversation_id, parent_id, sequence) where parent_id is not null`,
    `create ${index('variant')} (conversation_id, variant_of) where variant_of is not null`,
    ...own.search,
  ]
}

function parts({ table, name, id, integer, place }: SchemaDialect): readonly string[] {
  const [attachments, summaries] = [table('attachments'), table('summaries')]
  const owner = `conversation_id ${id} not null references ${table('conversations')} (id) on delete cascade`
  const part = (...own: readonly string[]): string =>
    list([place, owner, `id ${id} not null`, ...own, 'body text not null', 'unique (conversation_id, id)'])
  const reaction = [
    place,
    `conversation_id ${id} not null`,
    `message_id ${id} not null`,
    `user_id ${id} not null`,
    `emoji ${id} not null`,
    `created_at ${integer} not null`,
    'unique (conversation_id, message_id, user_id, emoji)',
    `foreign key (conversation_id, message_id) references ${table('messages')} (conversation_id, id) on delete cascade`,
  ]
  const persona = [
    `id ${id} primary key`,
    `name ${id} not null unique`,
    `version ${integer} not null`,
    'body text not null',
  ]
  return [
    `create table ${table('reactions')} ${list(reaction)}`,
    `create table ${attachments} ${part(`message_id ${id}`)}`,
    `create index ${name('attachments', 'message')} on ${attachments} (conversation_id, message_id)`,
    `create table ${table('tasks')} ${part()}`,
    `create table ${summaries} ${part(`up_to_sequence ${integer} not null`)}`,
    `create index ${name('summaries', 'reach')} on ${summaries} (conversation_id, up_to_sequence, place)`,
    `create table ${table('personas')} ${list(persona)}`,
  ]
}

/** Users become pairs of organisation and id. What is counted so far belongs to users without an organisation. */
function tenants(schema: SchemaDialect): readonly string[] {
  const { table, name, id, integer, updatedOften } = schema
  const [all, before, totals] = [table('conversations'), table('user_usage'), table('user_totals')]
  const columns = ['user_id', 'last_used_at', ...usageColumns].join(', ')
  const keys = [`org_id ${id} not null`, `user_id ${id} not null`]
  const rest = [`last_used_at ${integer} not null`, ...counts(schema), 'primary key (org_id, user_id)']
  const request = name('conversations', 'request')
  const tenantRequest = `unique index ${name('conversations', 'tenant_request')} on ${all}`
  return [
    `create table ${totals} ${list([...keys, ...rest])}${updatedOften}`,
    `insert into ${totals} (org_id, ${columns}) select '', ${columns} from ${before}`,
    `drop table ${before}`,
    `create ${tenantRequest} (user_id, request_id, (coalesce(org_id, ''))) where request_id is not null`,
    `drop index ${schema.index(request)}`,
  ]
}

function dictionaries({ table, id, integer, flag }: SchemaDialect): readonly string[] {
  const dictionary = [
    `id ${id} primary key`,
    `owner ${id} not null`,
    `name ${id} not null`,
    `active ${flag} not null`,
    `version ${integer} not null`,
    'body text not null',
    'unique (owner, name)',
  ]
  const use = [
    `dictionary_id ${id} not null references ${table('dictionaries')} (id) on delete cascade`,
    `entry_id ${id} not null`,
    `uses ${integer} not null`,
    `last_used_at ${integer} not null`,
    'primary key (dictionary_id, entry_id)',
  ]
  return [
    `create table ${table('dictionaries')} ${list(dictionary)}`,
    `create table ${table('dictionary_uses')} ${list(use)}`,
  ]
}

function runs({ table, id, integer }: SchemaDialect): readonly string[] {
  const record = [
    `owner ${id} not null`,
    `run_id ${id} not null`,
    `at ${integer} not null`,
    'body text not null',
    'primary key (owner, run_id, at)',
  ]
  return [`create table ${table('runs')} ${list(record)}`]
}
