import type { Clock } from '../../core/clock.ts'
import type { ChatStoreUnit, Stamp, StoreCall } from '../storage/index.ts'
import { createMutex } from '../../core/mutex.ts'
import { checkSignal, ended } from '../../core/store-signal.ts'
import type { Context, RunStep } from './context.ts'
import { conversationStore } from './conversations.ts'
import { messageStore } from './messages.ts'
import { attachmentStore, summaryStore, taskStore } from './attachments-tasks-summaries.ts'
import { reactionStore, usageStore } from './members.ts'
import { createJournal, emptyState, type Journal } from './state.ts'

/** One state, accessed in single steps or in transactions. */
export interface MemoryTransactions {
  readonly unit: ChatStoreUnit
  transaction<T>(work: (unit: ChatStoreUnit) => Promise<T>, call?: StoreCall): Promise<T>
  close(): void
}

export interface MemoryTransactionsOptions {
  readonly clock: Clock
  readonly newId: () => string
  readonly waitMs: number
}

/** Creates an empty state. */
export function createMemoryTransactions({
  clock,
  newId,
  waitMs,
}: MemoryTransactionsOptions): MemoryTransactions {
  let state: ReturnType<typeof emptyState> | undefined = emptyState()
  const mutex = createMutex({ clock, waitMs })
  const context = (journal: Journal): Context => {
    if (state === undefined) throw ended('store')
    const stamp: Stamp = { now: clock.epochMs(), newId }
    return { state, journal, stamp }
  }
  const step: RunStep = async (call, work) => {
    checkSignal(call?.signal)
    if (!mutex.held) return atomically(work, context)
    const release = await mutex.acquire(call?.signal)
    try {
      return atomically(work, context)
    } finally {
      release()
    }
  }
  return {
    unit: unitOf(step),
    transaction: async (work, call) => {
      const release = await mutex.acquire(call?.signal)
      if (state === undefined) {
        release()
        throw ended('store')
      }
      const journal = createJournal()
      let open = true
      const inside: RunStep = async (innerCall, innerWork) => {
        if (!open) throw ended('transaction')
        checkSignal(innerCall?.signal)
        return atomically(innerWork, context, journal)
      }
      try {
        const result = await work(unitOf(inside))
        checkSignal(call?.signal)
        return result
      } catch (error) {
        journal.undo()
        throw error
      } finally {
        open = false
        release()
      }
    },
    close: () => {
      state = undefined
    },
  }
}

// Undoes the changes of a step that throws. In a transaction, earlier steps remain.
function atomically<T>(
  work: (context: Context) => T,
  context: (journal: Journal) => Context,
  outer?: Journal,
): T {
  const journal = createJournal()
  try {
    const result = work(context(journal))
    outer?.take(journal)
    return result
  } catch (error) {
    journal.undo()
    throw error
  }
}

function unitOf(step: RunStep): ChatStoreUnit {
  return {
    conversations: conversationStore(step),
    messages: messageStore(step),
    reactions: reactionStore(step),
    attachments: attachmentStore(step),
    tasks: taskStore(step),
    summaries: summaryStore(step),
    usage: usageStore(step),
  }
}
