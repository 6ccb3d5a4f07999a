import { systemClock, type Clock } from '../../core/clock.ts'
import type { ChatStore, ChatStoreUnit } from '../../conversations/storage/index.ts'
import { ended } from '../mutex/index.ts'
import { conversationStore } from './conversations.ts'
import type { SqlDialect } from './dialect.ts'
import type { SqlExecutor } from './executor.ts'
import { messageStore } from './messages.ts'
import type { PersonaStore } from '../../prompts/index.ts'
import { migrate, type MigrationReport } from './migrate.ts'
import { attachmentStore, summaryStore, taskStore } from './attachments-tasks-summaries.ts'
import { personaStore } from './personas.ts'
import { reactionStore } from './reactions.ts'
import { guarded, MAX_TRIES, singleSteps, type SqlRun, transact } from './run.ts'
import { usageStore } from './usage.ts'

/** Options that every SQL store takes. */
export interface SqlStoreOptions {
  /** Where times come from. */
  readonly clock?: Clock | undefined
  /** Makes ids for what comes without one. Default: random UUIDs. */
  readonly newId?: (() => string) | undefined
  /**
   * When to bring the schema to its newest step: before the first use (default), or only when `migrate()` is called,
   * for hosts whose services may not change tables.
   */
  readonly migrate?: 'first-use' | 'never' | undefined
}

/** A chat store in an SQL database. */
export interface SqlStore extends ChatStore {
  /** Personas, for `createPersonaLibrary`; kept beside the conversations. */
  readonly personas: PersonaStore
  /** Brings the schema to its newest step now. Any number of processes may do so at once. */
  migrate(): Promise<MigrationReport>
}

/** Makes a chat store of a way to run statements, and of what the database says differently from others. */
export function createSqlStore(
  executor: SqlExecutor,
  dialect: SqlDialect,
  options: SqlStoreOptions = {},
): SqlStore {
  const { clock = systemClock, newId = () => crypto.randomUUID() } = options
  let closing: Promise<void> | undefined
  let migrated: Promise<unknown> | undefined
  const run = (): Promise<MigrationReport> =>
    guarded(dialect, () => migrate(executor, dialect, { now: clock.epochMs() }), MAX_TRIES)
  const ready = async (): Promise<void> => {
    if (closing !== undefined) throw ended('store')
    if (options.migrate === 'never') return
    migrated ??= run()
    await migrated.catch((error: unknown) => {
      // The next use tries again.
      migrated = undefined
      throw error
    })
  }
  const setting = { executor, dialect, clock, newId, ready }
  const close = (): Promise<void> => (closing ??= (async () => executor.close?.())())
  const steps = singleSteps(setting)
  return {
    ...unitOf(steps),
    personas: personaStore(steps),
    transaction: (work, call) => transact(setting, (inside) => work(unitOf(inside)), call),
    migrate: async () => {
      if (closing !== undefined) throw ended('store')
      const report = run()
      migrated = report
      return report
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function unitOf(run: SqlRun): ChatStoreUnit {
  return {
    conversations: conversationStore(run),
    messages: messageStore(run),
    reactions: reactionStore(run),
    attachments: attachmentStore(run),
    tasks: taskStore(run),
    summaries: summaryStore(run),
    usage: usageStore(run),
  }
}
