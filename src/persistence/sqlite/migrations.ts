import type { Migration, TableName } from '../sql/index.ts'

const COUNTS = `
  input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  total_tokens integer not null default 0,
  cached_input_tokens integer not null default 0,
  reasoning_tokens integer not null default 0,
  cost_nano_usd integer not null default 0,
  calls integer not null default 0,
  unpriced_calls integer not null default 0`

/** The steps of the schema. A step that was shipped never changes. */
export function sqliteMigrations(table: (name: TableName | 'message_words') => string): readonly Migration[] {
  return [
    {
      number: 1,
      name: 'conversations',
      statements: [...conversations(table), ...messages(table), ...parts(table)],
    },
  ]
}

type Names = (name: TableName | 'message_words') => string

function conversations(table: Names): readonly string[] {
  const [all, members] = [table('conversations'), table('members')]
  return [
    `create table ${all} (
      id text primary key,
      user_id text not null,
      org_id text,
      project_id text,
      persona_id text,
      parent_id text references ${all} (id) on delete set null,
      root_id text not null,
      request_id text,
      status text not null,
      title_words text not null,
      message_count integer not null,
      last_sequence integer not null,
      ${COUNTS},
      version integer not null,
      created_at integer not null,
      updated_at integer not null,
      last_activity_at integer not null,
      deleted_at integer,
      body text not null
    )`,
    `create unique index ${all}_request on ${all} (user_id, request_id) where request_id is not null`,
    `create index ${all}_activity on ${all} (user_id, last_activity_at, id)`,
    `create index ${all}_created on ${all} (user_id, created_at, id)`,
    `create index ${all}_org on ${all} (org_id, project_id, last_activity_at) where org_id is not null`,
    `create index ${all}_project on ${all} (project_id, last_activity_at) where project_id is not null`,
    `create index ${all}_parent on ${all} (parent_id) where parent_id is not null`,
    `create table ${members} (
      conversation_id text not null references ${all} (id) on delete cascade,
      user_id text not null,
      primary key (conversation_id, user_id)
    ) without rowid`,
    `create index ${members}_user on ${members} (user_id)`,
    `create table ${table('user_usage')} (
      user_id text primary key,
      last_used_at integer not null,
      ${COUNTS}
    )`,
  ]
}

function messages(table: Names): readonly string[] {
  const [all, words] = [table('messages'), table('message_words')]
  return [
    // `place` names the row to the search index, and must not change when the file is vacuumed.
    `create table ${all} (
      place integer primary key,
      conversation_id text not null references ${table('conversations')} (id) on delete cascade,
      sequence integer not null,
      id text not null,
      role text not null,
      parent_id text,
      variant_of text,
      active integer not null,
      request_id text,
      request_step integer,
      version integer not null,
      created_at integer not null,
      deleted_at integer,
      body text not null,
      unique (conversation_id, sequence),
      unique (conversation_id, id)
    )`,
    `create unique index ${all}_request on ${all} (conversation_id, request_id, request_step)
      where request_id is not null`,
    `create index ${all}_history on ${all} (conversation_id, sequence)
      where active = 1 and deleted_at is null`,
    `create index ${all}_system on ${all} (conversation_id, sequence) where role = 'system'`,
    `create index ${all}_parent on ${all} (conversation_id, parent_id, sequence) where parent_id is not null`,
    `create index ${all}_variant on ${all} (conversation_id, variant_of) where variant_of is not null`,
    `create virtual table ${words} using fts5
      (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii')`,
    `create trigger ${all}_gone after delete on ${all} begin
      delete from ${words} where rowid = old.place;
    end`,
  ]
}

function parts(table: Names): readonly string[] {
  const [conversation, message] = [table('conversations'), table('messages')]
  const [reactions, attachments] = [table('reactions'), table('attachments')]
  const [tasks, summaries] = [table('tasks'), table('summaries')]
  const owner = `conversation_id text not null references ${conversation} (id) on delete cascade`
  return [
    `create table ${reactions} (
      place integer primary key autoincrement,
      conversation_id text not null,
      message_id text not null,
      user_id text not null,
      emoji text not null,
      created_at integer not null,
      unique (conversation_id, message_id, user_id, emoji),
      foreign key (conversation_id, message_id) references ${message} (conversation_id, id) on delete cascade
    )`,
    `create table ${attachments} (
      place integer primary key autoincrement,
      ${owner},
      id text not null,
      message_id text,
      body text not null,
      unique (conversation_id, id)
    )`,
    `create index ${attachments}_message on ${attachments} (conversation_id, message_id)`,
    `create table ${tasks} (
      place integer primary key autoincrement,
      ${owner},
      id text not null,
      body text not null,
      unique (conversation_id, id)
    )`,
    `create table ${summaries} (
      place integer primary key autoincrement,
      ${owner},
      id text not null,
      up_to_sequence integer not null,
      body text not null,
      unique (conversation_id, id)
    )`,
    `create index ${summaries}_reach on ${summaries} (conversation_id, up_to_sequence, place)`,
    `create table ${table('personas')} (
      id text primary key,
      name text not null unique,
      version integer not null,
      body text not null
    )`,
  ]
}
