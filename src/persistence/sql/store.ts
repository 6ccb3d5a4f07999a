import { systemClock, type Clock } from '../../core/clock.ts'
import type { Rows } from '../../core/options.ts'
import { clockField } from '../../core/port-fields.ts'
import { callable, oneOf, withMethods, type Field } from '../../core/schema.ts'
import type { ChatStore, ChatStoreUnit } from '../../conversations/storage/index.ts'
import { ended } from '../../core/store-signal.ts'
import { conversationStore } from './conversations.ts'
import { dictionaryStore } from './dictionaries.ts'
import type { SqlDialect } from './dialect.ts'
import type { SqlExecutor } from './executor.ts'
import { messageStore } from './messages.ts'
import type { DictionaryStore, PersonaStore } from '../../prompts/index.ts'
import type { RunStore } from '../../tools/index.ts'
import { migrate, type MigrationReport } from './migrate.ts'
import { attachmentStore, summaryStore, taskStore } from './attachments-tasks-summaries.ts'
import { personaStore } from './personas.ts'
import { reactionStore } from './reactions.ts'
import { guarded, MAX_TRIES, singleSteps, type SqlRun, transact } from './run.ts'
import { runStore } from './runs.ts'
import { usageStore } from './usage.ts'

/** Options of every SQL store. */
export interface SqlStoreOptions {
  /** Source of times. Default: the system clock. */
  readonly clock?: Clock | undefined
  /** Creates ids for records without one. Default: random UUIDs. */
  readonly newId?: (() => string) | undefined
  /**
   * When the schema is migrated: `first-use` (default) migrates before the first operation. `never` migrates only on
   * `migrate()`, for services whose database role may not change tables.
   */
  readonly migrate?: 'first-use' | 'never' | undefined
}

/** The fields of {@link SqlStoreOptions}. */
export const sqlStoreRows = (): Rows<SqlStoreOptions> => ({
  clock: clockField,
  newId: callable,
  migrate: oneOf('first-use', 'never'),
})
/** The option `executor`. */
export const executorField: Field = withMethods('query', 'tx')

/** A chat store in an SQL database. */
export interface SqlStore extends ChatStore {
  /** Personas for `createPersonaLibrary`, stored beside the conversations. */
  readonly personas: PersonaStore
  /** Dictionaries for `createDictionaryLibrary`, stored beside the conversations. */
  readonly dictionaries: DictionaryStore
  /** Records of tool loops: `orchestrator.run({ runs: store.runs, … })` goes on after a restart. */
  readonly runs: RunStore
  /**
   * Migrates the schema now. Several processes may do so at once. Rejects with `misconfigured`, code `schema-too-new`,
   * if a newer release wrote the schema.
   */
  migrate(): Promise<MigrationReport>
}

/** Creates a chat store from a database driver and an SQL dialect. */
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
      // The next operation tries again.
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
    dictionaries: dictionaryStore(steps),
    runs: runStore(steps),
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
