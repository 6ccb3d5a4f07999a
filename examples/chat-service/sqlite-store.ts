import type { ChatStore } from 'llm-switchyard/conversations'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'

/** Keeps the chats in one file. */
export function openStore(): ChatStore {
  return createSqliteStore({ path: process.env['CHATS_FILE'] ?? 'chats.db' })
}
