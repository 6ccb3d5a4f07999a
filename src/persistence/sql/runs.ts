import { type RunKey, type RunRecord, type RunStore, runTaken } from '../../tools/index.ts'
import { text } from './executor.ts'
import type { SqlRun } from './run.ts'

/** Creates the runs part of the store. */
export function runStore({ read, writeOnce }: SqlRun): RunStore {
  return {
    read: ({ owner, runId }) =>
      read(undefined, async ({ session, dialect }) => {
        const select = `select body from ${dialect.table('runs')} where owner = $1 and run_id = $2 order by at`
        const rows = await session.query(select, [owner, runId])
        return rows.map((row) => JSON.parse(text(row, 'body')) as RunRecord)
      }),
    append: (key, at, record) =>
      writeOnce(undefined, async ({ session, dialect }) => {
        const values = [key.owner, key.runId, at, JSON.stringify(record)]
        const insert = `insert into ${dialect.table('runs')} (owner, run_id, at, body) values ($1, $2, $3, $4)`
        const rows = await session.query(`${insert} on conflict do nothing returning at`, values)
        if (rows.length === 0) throw runTaken(key)
      }),
    delete: ({ owner, runId }: RunKey) =>
      writeOnce(undefined, async ({ session, dialect }) => {
        await session.query(`delete from ${dialect.table('runs')} where owner = $1 and run_id = $2`, [
          owner,
          runId,
        ])
      }),
  }
}
