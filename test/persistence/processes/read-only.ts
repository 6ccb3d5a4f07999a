import { createSqliteStore } from '../../../src/persistence/sqlite.ts'

/** Reads a conversation of a file, then tries to write, and tells both. */
const [path = '', id = ''] = process.argv.slice(2)
const store = createSqliteStore({ path })
const read = store.messages.history(id, { limit: 5 }).then(
  (messages) => messages.map(({ content }) => content),
  (error: unknown) => String(error),
)
const written = store.messages.append(id, [{ role: 'user', content: 'no' }]).then(
  () => 'written',
  (error: unknown) => String(error),
)
process.send?.({ read: await read, written: await written })
await store.close()
