import { createOrchestrator, LlmError } from 'llm-switchyard'
import { createChatService, type TurnResult } from 'llm-switchyard/conversations'
import { createPostgresStore } from 'llm-switchyard/persistence/postgres'
import { fakeFetch } from 'llm-switchyard/testing'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { until } from '../../patience.ts'
import { sized, stopwatch } from '../../proof.ts'
import { usePostgres } from '../postgres-server.ts'

const server = usePostgres()
const identity = { userId: 'ada' }
const USERS = 8
// How long the server stands still at least.
const FROZEN_MS = sized(0, 12_000)

describe('a database that freezes under load', () => {
  test('ends turns typed, holds no slot, stops no other call, and loses nothing that was acknowledged', async () => {
    const orchestrator = createOrchestrator({
      providers: {
        a: { extends: 'openai-compatible', baseUrl: 'http://fake.test/openai/v1', apiKey: 'key' },
      },
      fetch: fakeFetch({ text: ['one ', 'two'] }),
      queue: { concurrency: 4 },
    })
    const { connectionString } = server()
    await using patient = createPostgresStore({ connectionString })
    await patient.migrate()
    const store = createPostgresStore({ connectionString, statementTimeoutMs: 1_000 })
    const chats = createChatService({
      orchestrator,
      store,
      storeTimeoutMs: 2_000,
      defaults: { model: 'a/m' },
    })
    const acknowledged: TurnResult[] = []
    const failures: unknown[] = []
    const over = new AbortController()
    const user = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const took = stopwatch()
        await chats.send({ identity, message: 'Hi' }).then(
          (turn) => acknowledged.push(turn),
          (error: unknown) => failures.push(error),
        )
        // The time of two calls of the store, and of the slots that others hold so long.
        took.atMost(10_000)
      }
    }
    const users = Array.from({ length: USERS }, user)
    await until(() => acknowledged.length >= USERS)
    server().freeze()
    try {
      const still = sleep(FROZEN_MS)
      await until(() => failures.length >= 2 * USERS)
      // Calls without the store are as quick as ever.
      const calls = Array.from({ length: 20 }, () =>
        orchestrator.chatApiCall({ model: 'a/m', messages: [{ role: 'user', content: 'Hi' }] }),
      )
      for (const { text } of await Promise.all(calls)) expect(text).toBe('one two')
      await still
    } finally {
      server().thaw()
    }
    const before = acknowledged.length
    await until(() => acknowledged.length >= before + USERS)
    over.abort()
    await Promise.all(users)
    const kinds = new Set(failures.map((error) => (LlmError.is(error) ? error.kind : String(error))))
    expect([...kinds]).toEqual(['overloaded'])
    for (const { conversationId, messageId } of acknowledged)
      expect(await patient.messages.get(conversationId, messageId)).toMatchObject({ content: 'one two' })
    expect(orchestrator.stats()).toMatchObject({ active: 0, queue: { running: 0, pending: 0 } })
    await chats.close({ drainMs: 0 })
    await store.close()
    await orchestrator.close({ drainMs: 0 })
  })

  test('keeps neither service nor store open', async () => {
    const orchestrator = createOrchestrator({
      providers: {
        a: { extends: 'openai-compatible', baseUrl: 'http://fake.test/openai/v1', apiKey: 'key' },
      },
      fetch: fakeFetch('one'),
    })
    const store = createPostgresStore({ connectionString: server().connectionString })
    const chats = createChatService({ orchestrator, store, defaults: { model: 'a/m' } })
    await chats.send({ identity, message: 'Hi' })
    server().freeze()
    try {
      const turn = chats.send({ identity, message: 'Hi', signal: AbortSignal.timeout(50) })
      await expect(turn).rejects.toMatchObject({ kind: 'aborted' })
      await chats.close({ drainMs: 0 })
      await orchestrator.close({ drainMs: 0 })
      await store.close()
    } finally {
      server().thaw()
    }
  })

  test('a lock that another client holds ends the waiting write in its time', async () => {
    const { connectionString } = server()
    await using store = createPostgresStore({ connectionString, statementTimeoutMs: 200 })
    const { id } = await store.conversations.create({ userId: 'ada' })
    const held = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    await using other = createPostgresStore({ connectionString })
    const holding = other.transaction(async (unit) => {
      await unit.conversations.get(id)
      entered.resolve()
      await held.promise
    })
    await entered.promise
    await expect(store.messages.append(id, [{ role: 'user', content: 'x' }])).rejects.toMatchObject({
      kind: 'overloaded',
    })
    held.resolve()
    await holding
    expect(await store.messages.append(id, [{ role: 'user', content: 'y' }])).toHaveLength(1)
  })
})
