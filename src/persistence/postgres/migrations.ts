import type { Migration, TableName } from '../sql/index.ts'

const COUNTS = `
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  total_tokens bigint not null default 0,
  cached_input_tokens bigint not null default 0,
  reasoning_tokens bigint not null default 0,
  cost_nano_usd bigint not null default 0,
  calls bigint not null default 0,
  unpriced_calls bigint not null default 0`

// Ids are compared byte by byte, whatever the language of the database is.
const ID = 'text collate "C"'
const PLACE = 'place bigint generated always as identity primary key'

type Names = (name: TableName) => string

/** The steps of the schema. A step that was shipped never changes. */
export function postgresMigrations(table: Names): readonly Migration[] {
  return [
    {
      number: 1,
      name: 'conversations',
      statements: [...conversations(table), ...messages(table), ...parts(table)],
    },
  ]
}

function conversations(table: Names): readonly string[] {
  const [all, members] = [table('conversations'), table('members')]
  return [
    `create table ${all} (
      id ${ID} primary key,
      user_id ${ID} not null,
      org_id ${ID},
      project_id ${ID},
      persona_id ${ID},
      parent_id ${ID} references ${all} (id) on delete set null,
      root_id ${ID} not null,
      request_id ${ID},
      status text not null,
      title_words text not null,
      message_count bigint not null,
      last_sequence bigint not null,
      ${COUNTS},
      version bigint not null,
      created_at bigint not null,
      updated_at bigint not null,
      last_activity_at bigint not null,
      deleted_at bigint,
      body text not null
    ) with (fillfactor = 80)`,
    `create unique index conversations_request on ${all} (user_id, request_id) where request_id is not null`,
    `create index conversations_activity on ${all} (user_id, last_activity_at, id)`,
    `create index conversations_created on ${all} (user_id, created_at, id)`,
    `create index conversations_org on ${all} (org_id, project_id, last_activity_at) where org_id is not null`,
    `create index conversations_project on ${all} (project_id, last_activity_at) where project_id is not null`,
    `create index conversations_parent on ${all} (parent_id) where parent_id is not null`,
    `create table ${members} (
      conversation_id ${ID} not null references ${all} (id) on delete cascade,
      user_id ${ID} not null,
      primary key (conversation_id, user_id)
    )`,
    `create index members_user on ${members} (user_id)`,
    `create table ${table('user_usage')} (
      user_id ${ID} primary key,
      last_used_at bigint not null,
      ${COUNTS}
    ) with (fillfactor = 80)`,
  ]
}

function messages(table: Names): readonly string[] {
  const all = table('messages')
  return [
    `create table ${all} (
      conversation_id ${ID} not null references ${table('conversations')} (id) on delete cascade,
      sequence bigint not null,
      id ${ID} not null,
      role text not null,
      parent_id ${ID},
      variant_of ${ID},
      active smallint not null,
      request_id ${ID},
      request_step bigint,
      version bigint not null,
      created_at bigint not null,
      deleted_at bigint,
      body text not null,
      words tsvector not null,
      primary key (conversation_id, sequence),
      constraint messages_id unique (conversation_id, id)
    )`,
    `create unique index messages_request on ${all} (conversation_id, request_id, request_step)
      where request_id is not null`,
    `create index messages_history on ${all} (conversation_id, sequence)
      where active = 1 and deleted_at is null`,
    `create index messages_system on ${all} (conversation_id, sequence) where role = 'system'`,
    `create index messages_parent on ${all} (conversation_id, parent_id, sequence) where parent_id is not null`,
    `create index messages_variant on ${all} (conversation_id, variant_of) where variant_of is not null`,
    `create index messages_words on ${all} using gin (words)`,
  ]
}

function parts(table: Names): readonly string[] {
  const [conversation, message] = [table('conversations'), table('messages')]
  const [reactions, attachments] = [table('reactions'), table('attachments')]
  const [tasks, summaries] = [table('tasks'), table('summaries')]
  const owner = `conversation_id ${ID} not null references ${conversation} (id) on delete cascade`
  return [
    `create table ${reactions} (
      ${PLACE},
      conversation_id ${ID} not null,
      message_id ${ID} not null,
      user_id ${ID} not null,
      emoji ${ID} not null,
      created_at bigint not null,
      unique (conversation_id, message_id, user_id, emoji),
      foreign key (conversation_id, message_id) references ${message} (conversation_id, id) on delete cascade
    )`,
    `create table ${attachments} (
      ${PLACE}, ${owner}, id ${ID} not null, message_id ${ID}, body text not null, unique (conversation_id, id)
    )`,
    `create index attachments_message on ${attachments} (conversation_id, message_id)`,
    `create table ${tasks} (
      ${PLACE}, ${owner}, id ${ID} not null, body text not null, unique (conversation_id, id)
    )`,
    `create table ${summaries} (
      ${PLACE}, ${owner}, id ${ID} not null, up_to_sequence bigint not null, body text not null,
      unique (conversation_id, id)
    )`,
    `create index summaries_reach on ${summaries} (conversation_id, up_to_sequence, place)`,
    `create table ${table('personas')} (
      id ${ID} primary key, name ${ID} not null unique, version bigint not null, body text not null
    )`,
  ]
}
