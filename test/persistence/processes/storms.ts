import { expect } from 'vitest'
import type { ChatStore } from '../../../src/conversations/index.ts'
import type { Workers } from './run.ts'
import type { StoreAddress } from './worker.ts'

const PROCESSES = 4
const TIMES = 50

/** Four processes append 200 turns in all to one conversation, at once: order, counters and reactions must hold. */
export async function storm(workers: Workers, address: StoreAddress, store: ChatStore): Promise<void> {
  const { id: conversationId } = await store.conversations.create({ userId: 'ada' })
  const [first] = await store.messages.append(conversationId, [{ role: 'user', content: 'start' }])
  const messageId = first?.id ?? ''
  const runs = Array.from({ length: PROCESSES }, (_, at) =>
    workers.start(address, { type: 'storm', conversationId, messageId, name: `p${at}`, times: TIMES }),
  )
  await Promise.all(runs.map((run) => run.ended()))
  const added = runs.reduce((sum, { lines }) => sum + Number(lines[0]), 0)
  expect(added, 'one of 200 equal reactions is the first').toBe(1)
  const turns = PROCESSES * TIMES
  const messages = await store.messages.history(conversationId, { limit: 1000 })
  expect(messages.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 2 * turns + 1 }, (_, at) => at + 1),
  )
  for (let at = 1; at < messages.length; at += 2) {
    const [ask = '', told = ''] = [messages[at]?.content, messages[at + 1]?.content].map(String)
    expect(told, 'what one append wrote stands together').toBe(ask.replace('asks', 'is told'))
  }
  const conversation = await store.conversations.get(conversationId)
  expect(conversation).toMatchObject({ messageCount: 2 * turns + 1, version: turns + 1 })
  expect(conversation?.members.length).toBe(turns)
  expect(conversation?.usage).toMatchObject({ calls: turns, totalTokens: 3 * turns, costUsd: turns / 10 })
  expect(await store.usage.get('everybody')).toMatchObject({ calls: turns, costUsd: turns / 10 })
}

/** Eight processes find an empty database at once: one makes the schema, and all can use it. */
export async function migrateAtOnce(workers: Workers, address: StoreAddress): Promise<void> {
  const runs = Array.from({ length: 8 }, () => workers.start(address, { type: 'migrate' }))
  await Promise.all(runs.map((run) => run.ended()))
  const reports = runs.map(
    ({ lines }) => JSON.parse(lines[0] ?? '') as { version: number; applied: string[] },
  )
  expect(new Set(reports.map(({ version }) => version)).size).toBe(1)
  expect(reports.filter(({ applied }) => applied.length > 0).length).toBe(1)
}
