import type { Clock } from '../../core/clock.ts'
import type { ChatStoreUnit, Stamp, StoreCall } from '../../conversations/storage/index.ts'
import { checkSignal, createMutex, ended } from '../mutex/index.ts'
import type { Context, RunStep } from './context.ts'
import { conversationStore } from './conversations.ts'
import { messageStore } from './messages.ts'
import { attachmentStore, summaryStore, taskStore } from './attachments-tasks-summaries.ts'
import { reactionStore, usageStore } from './members.ts'
import { createJournal, emptyState, type Journal } from './state.ts'

/** One state, and the ways to it: step by step, or in a transaction. */
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

/** Makes an empty state. */
export function createMemoryTransactions({
  clock,
  newId,
  waitMs,
}: MemoryTransactionsOptions): MemoryTransactions {
  let state: ReturnType<typeof emptyState> | undefined = emptyState()
  const gate = createMutex({ clock, waitMs })
  const context = (journal: Journal): Context => {
    if (state === undefined) throw ended('store')
    const stamp: Stamp = { now: clock.epochMs(), newId }
    return { state, journal, stamp }
  }
  const step: RunStep = async (call, work) => {
    checkSignal(call?.signal)
    if (!gate.taken) return whole(work, context)
    const leave = await gate.enter(call?.signal)
    try {
      return whole(work, context)
    } finally {
      leave()
    }
  }
  return {
    unit: unitOf(step),
    transaction: async (work, call) => {
      const leave = await gate.enter(call?.signal)
      if (state === undefined) {
        leave()
        throw ended('store')
      }
      const journal = createJournal()
      let open = true
      const inside: RunStep = async (innerCall, innerWork) => {
        if (!open) throw ended('transaction')
        checkSignal(innerCall?.signal)
        return whole(innerWork, context, journal)
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
        leave()
      }
    },
    close: () => {
      state = undefined
    },
  }
}

// What one step has changed is taken back when it throws; inside a transaction the rest stays.
function whole<T>(work: (context: Context) => T, context: (journal: Journal) => Context, outer?: Journal): T {
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
