import { LlmError } from '../../core/error.ts'
import type { Dictionary, DictionaryQuery, DictionaryStore, EntryUse } from '../../prompts/index.ts'
import { createCondition } from './condition.ts'
import { count, type SqlRow, text } from './executor.ts'
import { isKey } from './personas.ts'
import type { SqlRun, SqlStep } from './run.ts'

/** Creates the dictionaries part of the store. */
export function dictionaryStore({ read, write }: SqlRun): DictionaryStore {
  return {
    get: (idOrName, owner = '') =>
      read(undefined, async (step) => {
        if (!isKey(idOrName)) return undefined
        const own = await find(step, 'id = $1', [idOrName])
        return own ?? find(step, 'owner = $1 and name = $2', [owner, idOrName])
      }),
    list: (query) => read(undefined, (step) => list(step, query)),
    save: (dictionary) => write(undefined, (step) => save(step, dictionary)),
    delete: (id, version) =>
      write(undefined, async (step) => {
        const stored = await storedVersion(step, id)
        if (stored === 0) return false
        if (version !== undefined && version !== stored) throw stale(id, version, stored)
        await step.session.query(`delete from ${step.dialect.table('dictionaries')} where id = $1`, [id])
        return true
      }),
    addUses: (uses) =>
      write(undefined, async (step) => {
        // In one order, so that two processes never wait for each other.
        for (const use of uses.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) await addUse(step, use)
      }),
    usage: (dictionaryId) =>
      read(undefined, async ({ session, dialect }) => {
        if (!isKey(dictionaryId)) return []
        const select = `select entry_id, uses, last_used_at from ${dialect.table('dictionary_uses')}`
        const rows = await session.query(`${select} where dictionary_id = $1`, [dictionaryId])
        return rows.map((row) => ({
          entryId: text(row, 'entry_id'),
          count: count(row, 'uses'),
          lastUsedAt: count(row, 'last_used_at'),
        }))
      }),
  }
}

function readDictionary(row: SqlRow): Dictionary {
  return JSON.parse(text(row, 'body')) as Dictionary
}

async function find(
  { session, dialect }: SqlStep,
  where: string,
  values: readonly string[],
): Promise<Dictionary | undefined> {
  const [row] = await session.query(
    `select body from ${dialect.table('dictionaries')} where ${where}`,
    values,
  )
  return row === undefined ? undefined : readDictionary(row)
}

async function list(
  { session, dialect }: SqlStep,
  { active, search = '', limit = 100, offset = 0, owner = '' }: DictionaryQuery = {},
): Promise<readonly Dictionary[]> {
  const where = createCondition()
  const owners = typeof owner === 'string' ? [owner] : owner
  where.add((place) => dialect.listed('owner', place), JSON.stringify(owners))
  where.addIf((place) => `active = $${place}`, active === undefined ? undefined : Number(active))
  const select = `select body from ${dialect.table('dictionaries')} ${where.sql} order by name, owner`
  const rows = await session.query(select, where.values)
  const part = search.toLowerCase()
  // An owner has few dictionaries, and no index finds part of a word.
  const found = rows
    .map(readDictionary)
    .filter(({ name, description }) =>
      [name, description].some((whole) => whole.toLowerCase().includes(part)),
    )
  return found.slice(offset, offset + limit)
}

async function storedVersion({ session, dialect }: SqlStep, id: string): Promise<number> {
  if (!isKey(id)) return 0
  const select = `select d.version from ${dialect.table('dictionaries')} d where d.id = $1${dialect.lockRows('d')}`
  const [row] = await session.query(select, [id])
  return row === undefined ? 0 : count(row, 'version')
}

async function save(step: SqlStep, dictionary: Dictionary): Promise<Dictionary> {
  const { id, name, version, active, owner = '' } = dictionary
  for (const [path, value] of Object.entries({ id, name }))
    if (!isKey(value))
      throw new LlmError(
        'invalid-request',
        `the dictionary is not valid: ${path} takes a text without control characters`,
      )
  const stored = await storedVersion(step, id)
  if (version !== stored) throw stale(name, version, stored)
  const holder = await find(step, 'owner = $1 and name = $2', [owner, name])
  if (holder !== undefined && holder.id !== id)
    throw new LlmError('conflict', `another dictionary has the name "${name}": choose another`)
  const body = JSON.stringify({ ...dictionary, version: stored + 1 })
  const table = step.dialect.table('dictionaries')
  const sql =
    stored === 0
      ? `insert into ${table} (id, owner, name, active, version, body) values ($1, $2, $3, $4, $5, $6)`
      : `update ${table} set owner = $2, name = $3, active = $4, version = $5, body = $6 where id = $1`
  await step.session.query(sql, [id, owner, name, Number(active), stored + 1, body])
  return JSON.parse(body) as Dictionary
}

// A dictionary that is gone has no totals, so its uses are left out.
async function addUse({ session, dialect }: SqlStep, use: EntryUse): Promise<void> {
  if (!isKey(use.dictionaryId) || !isKey(use.entryId)) return
  const into = `insert into ${dialect.table('dictionary_uses')} as u (dictionary_id, entry_id, uses, last_used_at)`
  const known = `select d.id, $2, $3, $4 from ${dialect.table('dictionaries')} d where d.id = $1`
  const latest =
    'case when u.last_used_at < excluded.last_used_at then excluded.last_used_at else u.last_used_at end'
  const update = `on conflict (dictionary_id, entry_id) do update set uses = u.uses + excluded.uses, last_used_at = ${latest}`
  await session.query(`${into} ${known} ${update}`, [use.dictionaryId, use.entryId, use.count, use.at])
}

function keyOf({ dictionaryId, entryId }: EntryUse): string {
  return `${dictionaryId}\n${entryId}`
}

function stale(name: string, version: number, stored: number): LlmError {
  const state = stored === 0 ? 'is not stored any more' : `is at version ${stored} by now`
  return new LlmError(
    'conflict',
    `the dictionary "${name}" was changed from version ${version}, and ${state}: read it again`,
  )
}
