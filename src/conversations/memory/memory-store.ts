import { systemClock } from '../../core/clock.ts'
import { checkOptions } from '../../core/options.ts'
import type { ChatStore } from '../storage/index.ts'
import { memoryStoreSchema, type MemoryStoreOptions } from './options.ts'
import { createMemoryTransactions } from './transactions.ts'

/**
 * Creates a chat store in the memory of this process, for tests, demos and chats that need not be kept. It is the
 * reference for the behaviour of the other stores.
 *
 * ```ts
 * const store = createMemoryStore()
 * const { id } = await store.conversations.create({ userId: 'ada', title: 'Engines' })
 * await store.messages.append(id, [{ role: 'user', content: 'Hello!' }])
 * ```
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): ChatStore {
  checkOptions('createMemoryStore', memoryStoreSchema, options)
  const { clock = systemClock, newId = () => crypto.randomUUID(), waitMs = 10_000 } = options
  const { unit, transaction, close } = createMemoryTransactions({ clock, newId, waitMs })
  const end = async (): Promise<void> => close()
  return { ...unit, transaction, close: end, [Symbol.asyncDispose]: end }
}
