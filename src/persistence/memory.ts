import { systemClock, type Clock } from '../core/clock.ts'
import type { ChatStore } from '../conversations/storage/index.ts'
import { createMemoryTransactions } from './memory/index.ts'

/** Options of {@link createMemoryStore}. */
export interface MemoryStoreOptions {
  /** Where times come from. */
  readonly clock?: Clock | undefined
  /** Makes ids for what comes without one. Default: random UUIDs. */
  readonly newId?: (() => string) | undefined
  /** Longest wait for a transaction of somebody else to end, in milliseconds. Default 10 000. */
  readonly waitMs?: number | undefined
}

/**
 * Keeps conversations in this process, until it ends: for tests, demos and chats that need not last. It is what the
 * other stores are measured by.
 *
 * ```ts
 * const store = createMemoryStore()
 * const { id } = await store.conversations.create({ userId: 'ada', title: 'Engines' })
 * await store.messages.append(id, [{ role: 'user', content: 'Hello!' }])
 * ```
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): ChatStore {
  const { clock = systemClock, newId = () => crypto.randomUUID(), waitMs = 10_000 } = options
  const { unit, transaction, close } = createMemoryTransactions({ clock, newId, waitMs })
  const end = async (): Promise<void> => close()
  return { ...unit, transaction, close: end, [Symbol.asyncDispose]: end }
}
