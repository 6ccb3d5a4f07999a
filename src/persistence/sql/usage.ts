import {
  checkCharge,
  omitUndefined,
  usageCounts,
  type UsageStore,
  userOf,
} from '../../conversations/storage/index.ts'
import { count, optionalCount, places } from './executor.ts'
import type { SqlRun } from './run.ts'
import { addUsage, readUsage, usageColumns, usageValues } from './usage-columns.ts'

/** Creates the usage part of the store: one row per organisation and user, to which every charge is added. */
export function usageStore({ read, writeOnce }: SqlRun): UsageStore {
  return {
    add: (user, charge, call) =>
      writeOnce(call, async ({ session, dialect, stamp }) => {
        checkCharge(user, charge)
        const { userId, orgId = '' } = userOf(user)
        const columns = ['org_id', 'user_id', 'last_used_at', ...usageColumns]
        const into = `insert into ${dialect.table('user_totals')} as u (${columns.join(', ')})`
        const values = [orgId, userId, stamp.now, ...usageValues(usageCounts(charge))]
        const latest = 'last_used_at = case when u.last_used_at < $3 then $3 else u.last_used_at end'
        const update = `on conflict (org_id, user_id) do update set ${latest}, ${addUsage('u.', 4)}`
        await session.query(`${into} values ${places(1, columns.length)} ${update}`, values)
      }),
    get: (user, call) =>
      read(call, async ({ session, dialect }) => {
        const { userId, orgId } = userOf(user)
        const key = [orgId ?? '', userId]
        const columns = ['last_used_at', ...usageColumns].join(', ')
        const totals = `${dialect.table('user_totals')} where org_id = $1 and user_id = $2`
        const [row] = await session.query(`select ${columns} from ${totals}`, key)
        const figures = 'count(*) as conversations, sum(message_count) as messages'
        const where = "where coalesce(org_id, '') = $1 and user_id = $2 and deleted_at is null"
        const sums = `select ${figures} from ${dialect.table('conversations')} ${where}`
        const [owned] = await session.query(sums, key)
        return omitUndefined({
          ...readUsage(row),
          userId,
          orgId,
          conversationCount: count(owned, 'conversations'),
          messageCount: count(owned, 'messages'),
          lastUsedAt: row === undefined ? undefined : optionalCount(row, 'last_used_at'),
        })
      }),
  }
}
