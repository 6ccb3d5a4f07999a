import type { Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { Stamp, StoreCall } from '../../conversations/storage/index.ts'
import { checkSignal, createMutex, ended, orAbort } from '../mutex/index.ts'
import type { SqlDialect } from './dialect.ts'
import type { SqlExecutor, SqlSession } from './executor.ts'

/** What one step works with. */
export interface SqlStep {
  readonly session: SqlSession
  readonly dialect: SqlDialect
  readonly stamp: Stamp
  /** True inside a transaction of the caller. */
  readonly inside: boolean
}

/** Runs single steps: reads as they are, writes whole or not at all. */
export interface SqlRun {
  read<T>(call: StoreCall | undefined, work: (step: SqlStep) => Promise<T>): Promise<T>
  write<T>(call: StoreCall | undefined, work: (step: SqlStep) => Promise<T>): Promise<T>
  /** For a write that is one statement: without a transaction around it, where the database makes it whole by itself. */
  writeOnce<T>(call: StoreCall | undefined, work: (step: SqlStep) => Promise<T>): Promise<T>
}

/** What the ways of running share. */
export interface SqlSetting {
  readonly executor: SqlExecutor
  readonly dialect: SqlDialect
  readonly clock: Clock
  readonly newId: () => string
  /** Resolves once the schema is there. Rejects after the end of the store. */
  readonly ready: () => Promise<void>
}

/** How often a step is tried that a database has undone to let another one pass. */
export const MAX_TRIES = 5

/** Steps on their own. */
export function singleSteps({ executor, dialect, clock, newId, ready }: SqlSetting): SqlRun {
  const step = (session: SqlSession, call: StoreCall | undefined): SqlStep => ({
    session: watched(session, call),
    dialect,
    stamp: { now: clock.epochMs(), newId },
    inside: false,
  })
  const begin = async (call: StoreCall | undefined): Promise<void> => {
    checkSignal(call?.signal)
    await orAbort(ready(), call?.signal)
  }
  const write: SqlRun['write'] = async (call, work) => {
    await begin(call)
    const whole = (): ReturnType<typeof work> => executor.tx((session) => work(step(session, call)), call)
    return guarded(dialect, whole, MAX_TRIES)
  }
  return {
    async read(call, work) {
      await begin(call)
      return guarded(dialect, () => work(step(executor, call)))
    },
    write,
    async writeOnce(call, work) {
      if (!dialect.oneStatement) return write(call, work)
      await begin(call)
      return guarded(dialect, () => work(step(executor, call)), MAX_TRIES)
    },
  }
}

/** Runs the caller's transaction. */
export async function transact<T>(
  { executor, dialect, clock, newId, ready }: SqlSetting,
  work: (run: SqlRun) => Promise<T>,
  call: StoreCall | undefined,
): Promise<T> {
  checkSignal(call?.signal)
  await orAbort(ready(), call?.signal)
  return guarded(dialect, () =>
    executor.tx(async (session) => {
      let open = true
      // One step at a time: their savepoints must not cross.
      const gate = createMutex({ clock, waitMs: 2_147_483_647 })
      const inTurn = async <R>(
        inner: StoreCall | undefined,
        step: (own: SqlStep) => Promise<R>,
      ): Promise<R> => {
        if (!open) throw ended('transaction')
        const leave = await gate.enter(inner?.signal)
        try {
          const stamp = { now: clock.epochMs(), newId }
          return await step({ session: watched(session, inner ?? call), dialect, stamp, inside: true })
        } finally {
          leave()
        }
      }
      try {
        const write: SqlRun['write'] = (inner, step) =>
          inTurn(inner, (own) => guarded(dialect, () => savepoint(own, step)))
        const result = await work({ read: inTurn, write, writeOnce: write })
        checkSignal(call?.signal)
        return result
      } finally {
        open = false
      }
    }, call),
  )
}

async function savepoint<T>(own: SqlStep, step: (own: SqlStep) => Promise<T>): Promise<T> {
  await own.session.query('savepoint step', [])
  try {
    const result = await step(own)
    await own.session.query('release savepoint step', [])
    return result
  } catch (error) {
    // Where the connection itself is gone, the first error says more.
    await own.session.query('rollback to savepoint step', []).catch(() => undefined)
    throw error
  }
}

function watched(session: SqlSession, call: StoreCall | undefined): SqlSession {
  const signal = call?.signal
  if (signal === undefined) return session
  return {
    query(sql, values) {
      // The statement that takes a step back runs in any case.
      if (!sql.startsWith('rollback')) checkSignal(signal)
      return session.query(sql, values, call)
    },
  }
}

/** Runs `work`, and gives the errors of the driver as ours. */
export async function guarded<T>(dialect: SqlDialect, work: () => Promise<T>, tries: number = 1): Promise<T> {
  for (let left = tries - 1; ; left--) {
    try {
      return await work()
    } catch (error) {
      if (LlmError.is(error)) throw error
      const fault = dialect.fault(error)
      if (fault === undefined) throw error
      if (fault.type === 'retry' && left > 0) continue
      throw asError(fault, error)
    }
  }
}

function asError(fault: NonNullable<ReturnType<SqlDialect['fault']>>, cause: unknown): LlmError {
  if ('error' in fault) return fault.error
  if (fault.type === 'unique' && fault.detail.includes('request'))
    return new LlmError(
      'conflict',
      'this request has written this step already; findByRequest gives what it wrote',
      { code: 'duplicate-request', cause },
    )
  if (fault.type === 'unique')
    return new LlmError('conflict', 'the store holds a record with this id already', {
      code: 'id-taken',
      cause,
    })
  return new LlmError('not-found', 'the store does not hold what the record belongs to', { cause })
}
