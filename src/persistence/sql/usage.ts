import {
  checkCharge,
  omitUndefined,
  usageCounts,
  type UsageStore,
} from '../../conversations/storage/index.ts'
import { count, optionalCount, places } from './executor.ts'
import type { SqlRun } from './run.ts'
import { addUsage, readUsage, usageColumns, usageValues } from './usage-columns.ts'

/** Creates the usage part of the store: one row per user, to which every charge is added. */
export function usageStore({ read, writeOnce }: SqlRun): UsageStore {
  return {
    add: (userId, charge, call) =>
      writeOnce(call, async ({ session, dialect, stamp }) => {
        checkCharge(userId, charge)
        const columns = ['user_id', 'last_used_at', ...usageColumns]
        const into = `insert into ${dialect.table('user_usage')} as u (${columns.join(', ')})`
        const values = [userId, stamp.now, ...usageValues(usageCounts(charge))]
        const latest = 'last_used_at = case when u.last_used_at < $2 then $2 else u.last_used_at end'
        const update = `on conflict (user_id) do update set ${latest}, ${addUsage('u.', 3)}`
        await session.query(`${into} values ${places(1, columns.length)} ${update}`, values)
      }),
    get: (userId, call) =>
      read(call, async ({ session, dialect }) => {
        const columns = ['last_used_at', ...usageColumns].join(', ')
        const select = `select ${columns} from ${dialect.table('user_usage')} where user_id = $1`
        const [row] = await session.query(select, [userId])
        const figures = 'count(*) as conversations, sum(message_count) as messages'
        const where = 'where user_id = $1 and deleted_at is null'
        const sums = `select ${figures} from ${dialect.table('conversations')} ${where}`
        const [owned] = await session.query(sums, [userId])
        return omitUndefined({
          ...readUsage(row),
          userId,
          conversationCount: count(owned, 'conversations'),
          messageCount: count(owned, 'messages'),
          lastUsedAt: row === undefined ? undefined : optionalCount(row, 'last_used_at'),
        })
      }),
  }
}
