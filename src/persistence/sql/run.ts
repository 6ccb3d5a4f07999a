import type { Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { Stamp, StoreCall } from '../../conversations/storage/index.ts'
import { createMutex } from '../../core/mutex.ts'
import { checkSignal, ended, orAbort } from '../../core/store-signal.ts'
import type { SqlDialect } from './dialect.ts'
import type { SqlExecutor, SqlSession } from './executor.ts'

/** What one step works with. */
export interface SqlStep {
  readonly session: SqlSession
  readonly dialect: SqlDialect
  readonly stamp: Stamp
  /** Whether the step runs inside a transaction of the caller. */
  readonly inside: boolean
}

/** Runs single steps. A write is atomic. */
export interface SqlRun {
  read<T>(call: StoreCall | undefined, work: (step: SqlStep) => Promise<T>): Promise<T>
  write<T>(call: StoreCall | undefined, work: (step: SqlStep) => Promise<T>): Promise<T>
  /** Runs a write that is a single statement, without a transaction if the database makes it atomic by itself. */
  writeOnce<T>(call: StoreCall | undefined, work: (step: SqlStep) => Promise<T>): Promise<T>
}

/** Dependencies of all steps. */
export interface SqlSetting {
  readonly executor: SqlExecutor
  readonly dialect: SqlDialect
  readonly clock: Clock
  readonly newId: () => string
  /** Resolves when the schema is up to date. Rejects after `close()`. */
  readonly ready: () => Promise<void>
}

/** Maximum number of attempts for a step that the database rolled back because of another transaction. */
export const MAX_TRIES = 5

/** Returns steps that each run on their own. */
export function singleSteps({ executor, dialect, clock, newId, ready }: SqlSetting): SqlRun {
  const step = (session: SqlSession, call: StoreCall | undefined): SqlStep => ({
    session: withSignal(session, call),
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
      // Steps run one at a time, because savepoints must nest.
      const mutex = createMutex({ clock, waitMs: Infinity })
      const serialized = async <R>(
        inner: StoreCall | undefined,
        step: (own: SqlStep) => Promise<R>,
      ): Promise<R> => {
        if (!open) throw ended('transaction')
        const release = await mutex.acquire(inner?.signal)
        try {
          const stamp = { now: clock.epochMs(), newId }
          return await step({ session: withSignal(session, inner ?? call), dialect, stamp, inside: true })
        } finally {
          release()
        }
      }
      try {
        const write: SqlRun['write'] = (inner, step) =>
          serialized(inner, (own) => guarded(dialect, () => savepoint(own, step)))
        const result = await work({ read: serialized, write, writeOnce: write })
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
    // If the connection itself is lost, the first error says more.
    await own.session.query('rollback to savepoint step', []).catch(() => undefined)
    throw error
  }
}

function withSignal(session: SqlSession, call: StoreCall | undefined): SqlSession {
  const signal = call?.signal
  if (signal === undefined) return session
  return {
    query(sql, values) {
      // A rollback runs even after an abort.
      if (!sql.startsWith('rollback')) checkSignal(signal)
      return session.query(sql, values, call)
    },
  }
}

/** Runs `work` and converts driver errors to `LlmError`. */
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
      'the request id is already used for this step: read its stored record with findByRequest',
      { code: 'duplicate-request', cause },
    )
  if (fault.type === 'unique')
    return new LlmError(
      'conflict',
      'the id already exists: choose another, or leave it out to have one created',
      {
        code: 'id-taken',
        cause,
      },
    )
  return new LlmError(
    'not-found',
    'the conversation or message that the record belongs to does not exist: create it first',
    { cause },
  )
}
