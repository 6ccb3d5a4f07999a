import { expect, test } from 'vitest'
import { createFakeClock } from 'llm-switchyard/testing'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'

test('times come from the clock, ids from the application', async () => {
  const clock = createFakeClock()
  let made = 0
  const store = createMemoryStore({ clock, newId: () => `id-${++made}` })
  const { id, createdAt } = await store.conversations.create({ userId: 'ada' })
  expect([id, createdAt]).toEqual(['id-1', clock.epochMs()])
  clock.advance(5000)
  const [message] = await store.messages.append(id, [{ role: 'user', content: 'Hello' }])
  expect(message).toMatchObject({ id: 'id-2', createdAt: createdAt + 5000 })
  clock.advance(5000)
  await store.conversations.update(id, { title: 'x' })
  expect(await store.conversations.get(id)).toMatchObject({
    createdAt,
    updatedAt: createdAt + 10_000,
    lastActivityAt: createdAt + 10_000,
  })
})

test('what it hands out cannot be changed', async () => {
  const store = createMemoryStore()
  const { id } = await store.conversations.create({ userId: 'ada', metadata: { a: { b: 1 } } })
  const conversation = await store.conversations.get(id)
  expect(() => Object.assign(conversation?.metadata['a'] as object, { b: 2 })).toThrow(TypeError)
})

test('a call on the store from inside its own transaction ends by itself, and nothing is kept', async () => {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock, waitMs: 1000 })
  const { id } = await store.conversations.create({ userId: 'ada' })
  const stuck = store.transaction(async (unit) => {
    await unit.messages.append(id, [{ role: 'user', content: 'x' }])
    await store.messages.append(id, [{ role: 'user', content: 'y' }])
  })
  const ended = stuck.catch((error: unknown) => error)
  await clock.advanceAsync(1000)
  expect(await ended).toMatchObject({ kind: 'overloaded', code: 'store-busy' })
  expect((await store.conversations.get(id))?.messageCount).toBe(0)
  expect(clock.pending).toBe(0)
})

test('a caller that waits for a transaction may abort, and the next one runs', async () => {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const may = Promise.withResolvers<void>()
  const running = store.transaction(() => may.promise)
  const leaving = new AbortController()
  const left = store.usage.get('ada', { signal: leaving.signal })
  const stays = store.usage.get('ada')
  leaving.abort()
  await expect(left).rejects.toMatchObject({ kind: 'aborted' })
  may.resolve()
  await running
  expect((await stays).calls).toBe(0)
  expect(clock.pending).toBe(0)
})
