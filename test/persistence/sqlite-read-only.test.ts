import { forkChild } from '../children.ts'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'

const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a process reads and writes that owns nothing of the file. */
async function asStranger(path: string, id: string): Promise<unknown> {
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const child = forkChild(join(import.meta.dirname, 'processes/read-only.ts'), [path, id], nobody)
  const [told] = (await once(child, 'message')) as [unknown]
  return told
}

async function chatsIn(path: string): Promise<string> {
  await using store = createSqliteStore({ path })
  const { id } = await store.conversations.create({ userId: 'ada' })
  await store.messages.append(id, [{ role: 'user', content: 'kept' }])
  return id
}

const refused = expect.stringContaining('make the file and its folder writable') as string

test('a file on a disk without writes is read; a write is refused by name', async () => {
  const disk = join(folder, 'disk #1')
  mkdirSync(disk)
  const path = join(disk, 'chats.db')
  const id = await chatsIn(path)
  chmodSync(path, 0o444)
  chmodSync(disk, 0o555)
  expect(await asStranger(path, id)).toEqual({ read: ['kept'], written: refused })
  chmodSync(disk, 0o755)
})

test('a file of another owner in a folder that takes files is read, too', async () => {
  const path = join(folder, 'foreign.db')
  const id = await chatsIn(path)
  chmodSync(path, 0o444)
  expect(await asStranger(path, id)).toEqual({ read: ['kept'], written: refused })
})

test('a file whose newest writes are in a log is not read without them', async () => {
  const disk = join(folder, 'log')
  mkdirSync(disk)
  const source = join(folder, 'source.db')
  await using store = createSqliteStore({ path: source })
  const { id } = await store.conversations.create({ userId: 'ada' })
  for (const part of ['', '-wal']) copyFileSync(`${source}${part}`, join(disk, `chats.db${part}`))
  chmodSync(disk, 0o555)
  const { read } = (await asStranger(join(disk, 'chats.db'), id)) as { read: unknown }
  expect(read).not.toEqual([])
  chmodSync(disk, 0o755)
})

test('a current file is opened and read while another process holds the write lock', async () => {
  const path = join(folder, 'locked.db')
  const id = await chatsIn(path)
  const holder = new DatabaseSync(path)
  holder.exec('begin immediate')
  await using store = createSqliteStore({ path, busyTimeoutMs: 100 })
  expect(await store.migrate()).toMatchObject({ applied: [] })
  expect((await store.messages.history(id, { limit: 5 })).map(({ content }) => content)).toEqual(['kept'])
  await expect(store.conversations.delete(id)).rejects.toMatchObject({ code: 'store-busy' })
  holder.exec('rollback')
  holder.close()
})
