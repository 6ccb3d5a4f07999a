import type { ChatStore } from 'llm-switchyard/conversations'
import { createPostgresStore } from 'llm-switchyard/persistence/postgres'

/** Keeps the chats in PostgreSQL (`npm install pg`); makes its tables when it is first used. */
export function openStore(): ChatStore {
  return createPostgresStore({
    connectionString: process.env['DATABASE_URL'] ?? 'postgres://localhost/chats',
  })
}
