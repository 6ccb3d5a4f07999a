import { LlmError } from '../../core/error.ts'
import { isVisibleTo, type Persona, type PersonaStore } from '../../prompts/index.ts'
import { count, type SqlRow, text } from './executor.ts'
import type { SqlRun, SqlStep } from './run.ts'

/** Creates the personas part of the store. */
export function personaStore({ read, write }: SqlRun): PersonaStore {
  return {
    get: (idOrName) =>
      read(undefined, async (step) =>
        isKey(idOrName) ? ((await find(step, 'id', idOrName)) ?? find(step, 'name', idOrName)) : undefined,
      ),
    list: ({ search = '', limit = 100, offset = 0, visibleTo } = {}) =>
      read(undefined, async ({ session, dialect }) => {
        const rows = await session.query(`select body from ${dialect.table('personas')} order by name`, [])
        const part = search.toLowerCase()
        // There are few personas, and no index finds part of a word.
        const visible = rows.map(readPersona).filter((persona) => isVisibleTo(persona, visibleTo))
        const found = visible.filter(({ name, tags }) => [name, ...tags].some(has(part)))
        return found.slice(offset, offset + limit)
      }),
    save: (persona) => write(undefined, (step) => save(step, persona)),
    delete: (id, version) =>
      write(undefined, async (step) => {
        const stored = await storedVersion(step, id)
        if (stored === 0) return false
        if (version !== undefined && version !== stored) throw stale(id, version, stored)
        await step.session.query(`delete from ${step.dialect.table('personas')} where id = $1`, [id])
        return true
      }),
  }
}

const has =
  (part: string) =>
  (whole: string): boolean =>
    whole.toLowerCase().includes(part)

/** Whether a database can hold the key; one that it cannot hold is never stored. */
export function isKey(value: string): boolean {
  return value !== '' && !/[\p{Cc}\p{Cs}]/u.test(value)
}

function readPersona(row: SqlRow): Persona {
  return JSON.parse(text(row, 'body')) as Persona
}

async function find(
  { session, dialect }: SqlStep,
  column: 'id' | 'name',
  value: string,
): Promise<Persona | undefined> {
  const select = `select body from ${dialect.table('personas')} where ${column} = $1`
  const [row] = await session.query(select, [value])
  return row === undefined ? undefined : readPersona(row)
}

async function storedVersion({ session, dialect }: SqlStep, id: string): Promise<number> {
  if (!isKey(id)) return 0
  const select = `select p.version from ${dialect.table('personas')} p where p.id = $1${dialect.lockRows('p')}`
  const [row] = await session.query(select, [id])
  return row === undefined ? 0 : count(row, 'version')
}

async function save(step: SqlStep, persona: Persona): Promise<Persona> {
  const { id, name, version } = persona
  for (const [path, value] of Object.entries({ id, name }))
    if (!isKey(value))
      throw new LlmError(
        'invalid-request',
        `the persona is not valid: ${path} takes a text without control characters`,
      )
  const stored = await storedVersion(step, id)
  if (version !== stored) throw stale(name, version, stored)
  const holder = await find(step, 'name', name)
  if (holder !== undefined && holder.id !== id)
    throw new LlmError('conflict', `another persona has the name "${name}": choose another`)
  const body = JSON.stringify({ ...persona, version: stored + 1 })
  const table = step.dialect.table('personas')
  const sql =
    stored === 0
      ? `insert into ${table} (id, name, version, body) values ($1, $2, $3, $4)`
      : `update ${table} set name = $2, version = $3, body = $4 where id = $1`
  await step.session.query(sql, [id, name, stored + 1, body])
  return JSON.parse(body) as Persona
}

function stale(name: string, version: number, stored: number): LlmError {
  const state = stored === 0 ? 'is not stored any more' : `is at version ${stored} by now`
  return new LlmError(
    'conflict',
    `the persona "${name}" was changed from version ${version}, and ${state}: read it again`,
  )
}
