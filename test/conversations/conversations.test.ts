import { getEventListeners } from 'node:events'
import { defineTool } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import type { AuditEntry, Identity } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createFakeClock } from 'llm-switchyard/testing'
import { ada, host, keptTurns, sentTurns } from './chat-host.ts'

const identity = ada

describe('conversations', () => {
  test('are begun with defaults, listed by pages, changed and deleted', async () => {
    await using it = await host({ service: { defaults: { model: 'openai/gpt-4.1-mini', temperature: 0.7 } } })
    const { chats } = it
    for (let at = 0; at < 5; at++) await chats.create({ identity, title: `Talk ${at}`, metadata: { at } })
    await chats.create({ identity: { userId: 'bob' }, title: 'Talk of Bob' })
    const page = await chats.list({ identity, page: 2, limit: 2 })
    expect(page.meta).toEqual({ total: 5, page: 2, limit: 2, totalPages: 3 })
    expect(page.data).toHaveLength(2)
    expect(page.data[0]).toMatchObject({
      model: 'openai/gpt-4.1-mini',
      temperature: 0.7,
      messageCount: 0,
      usage: { totalTokens: 0 },
    })
    const { meta } = await chats.list({ identity, skip: 4, limit: 2 })
    expect(meta).toMatchObject({ total: 5, page: 3 })
    const conversationId = page.data[0]?.id ?? ''
    const renamed = await chats.update({
      identity,
      conversationId,
      title: 'New',
      status: 'archived',
      rating: 5,
    })
    expect(renamed).toMatchObject({ title: 'New', status: 'archived', rating: 5 })
    expect((await chats.list({ identity, status: 'archived' })).data.map(({ id }) => id)).toEqual([
      conversationId,
    ])
    const stale = chats.update({ identity, conversationId, title: 'Newer', version: renamed.version - 1 })
    await expect(stale).rejects.toMatchObject({ kind: 'conflict' })
    await chats.delete({ identity, conversationId })
    await expect(chats.get({ identity, conversationId })).rejects.toMatchObject({ kind: 'not-found' })
    await expect(chats.send({ identity, conversationId, message: 'Hi' })).rejects.toMatchObject({
      kind: 'not-found',
    })
    expect((await chats.list({ identity, page: 1 })).meta?.total).toBe(4)
  })

  test('are scrolled by cursor while others are added', async () => {
    const clock = createFakeClock()
    await using it = await host({ store: createMemoryStore({ clock }) })
    for (let at = 0; at < 6; at++) {
      clock.advance(1_000)
      await it.chats.create({ identity, title: `t${at}` })
    }
    clock.advance(1_000)
    const first = await it.chats.list({ identity, limit: 3 })
    await it.chats.create({ identity, title: 'late' })
    const second = await it.chats.list({ identity, limit: 3, cursor: first.nextCursor })
    const titles = [...first.data, ...second.data].map(({ title }) => title)
    expect(new Set(titles).size).toBe(6)
    expect(titles).not.toContain('late')
  })

  test('a limit beyond 100, an empty title and a misspelt status are refused', async () => {
    await using it = await host()
    await expect(it.chats.list({ identity, limit: 101 })).rejects.toMatchObject({ kind: 'invalid-request' })
    await expect(it.chats.create({ identity, title: ' ' })).rejects.toMatchObject({ kind: 'invalid-request' })
    await expect(it.chats.create({ identity, temperature: 3 })).rejects.toMatchObject({
      kind: 'invalid-request',
    })
    await expect(it.chats.list({ identity, status: 'open' as never })).rejects.toMatchObject({
      kind: 'invalid-request',
    })
  })

  test('a persona with a greeting writes the first message', async () => {
    await using it = await host({
      service: {
        persona: (name) => ({ name, greeting: 'Hello {{user}}, I am {{char}}.' }),
        texts: {
          placeholders: (text, { charName, userName }) =>
            text.replaceAll('{{char}}', charName).replaceAll('{{user}}', userName),
        },
      },
    })
    const { id: conversationId, messageCount } = await it.chats.create({
      identity,
      persona: 'Eve',
      userName: 'Ada',
    })
    expect(messageCount).toBe(1)
    expect(await keptTurns(it.store, conversationId)).toEqual(['assistant: Hello Ada, I am Eve.'])
    await it.chats.send({ identity, conversationId, message: 'Hi' })
    expect(sentTurns(it.provider)).toEqual(['assistant: Hello Ada, I am Eve.', 'user: Hi'])
  })

  test('the newest messages come first, and the older ones by cursor while new ones arrive', async () => {
    await using it = await host()
    const { id: conversationId } = await it.chats.create({ identity })
    const rows = Array.from({ length: 7 }, (_, at) => ({ role: 'user' as const, content: `m${at}` }))
    await it.store.messages.append(conversationId, rows)
    const view = await it.chats.get({ identity, conversationId, limit: 3 })
    expect(view.messages.map(({ content }) => content)).toEqual(['m4', 'm5', 'm6'])
    await it.chats.post({ identity, conversationId, message: 'late' })
    const older = { identity, conversationId, order: 'newest' as const, cursor: view.olderCursor, limit: 3 }
    const page = await it.chats.history(older)
    expect(page.items.map(({ content }) => content)).toEqual(['m3', 'm2', 'm1'])
  })

  test('a member may leave, and no more', async () => {
    await using it = await host()
    const { id: conversationId } = await it.chats.create({ identity })
    for (const userId of ['bob', 'cy'])
      await it.chats.setMember({ identity, conversationId, member: { userId, role: 'member' } })
    const bob = { userId: 'bob' }
    expect((await it.chats.list({ identity: bob })).data).toHaveLength(1)
    await expect(
      it.chats.removeMember({ identity: bob, conversationId, userId: 'cy' }),
    ).rejects.toMatchObject({ code: 'forbidden' })
    await it.chats.removeMember({ identity: bob, conversationId, userId: 'bob' })
    expect((await it.chats.list({ identity: bob })).data).toEqual([])
    const crown = { userId: 'cy', role: 'owner' as const }
    await expect(it.chats.setMember({ identity, conversationId, member: crown })).rejects.toMatchObject({
      kind: 'invalid-request',
    })
  })

  test('one that a request began is begun once', async () => {
    await using it = await host()
    const made = await it.chats.create({ identity, requestId: 'c1' })
    expect((await it.chats.create({ identity, requestId: 'c1' })).id).toBe(made.id)
  })

  test('usage: of the user for ever, of each conversation', async () => {
    await using it = await host({ script: { text: 'Yes.', usage: { inputTokens: 7, outputTokens: 3 } } })
    const { conversationId } = await it.chats.send({ identity, message: 'Hi' })
    await it.chats.send({ identity, conversationId, message: 'Hi' })
    await it.chats.send({ identity, message: 'Hi' })
    expect(await it.chats.usage({ identity })).toMatchObject({
      totalTokens: 30,
      conversationCount: 2,
      messageCount: 6,
    })
    expect((await it.chats.usage({ identity })).lastUsedAt).toBeGreaterThan(0)
    await it.chats.delete({ identity, conversationId, erase: true })
    expect(await it.chats.usage({ identity })).toMatchObject({ totalTokens: 30, conversationCount: 1 })
  })
})

describe('messages', () => {
  test('are posted without an answer, once per request id, edited, deleted and found', async () => {
    await using it = await host()
    const { chats } = it
    const { id: conversationId } = await chats.create({ identity })
    const base = { identity, conversationId }
    const posted = await chats.post({
      ...base,
      message: 'Über Äpfel',
      requestId: 'p1',
      metadata: { from: 'slack' },
    })
    expect(await chats.post({ ...base, message: 'Über Äpfel', requestId: 'p1' })).toEqual(posted)
    expect(posted).toMatchObject({ role: 'user', tokens: null, model: null, metadata: { from: 'slack' } })
    expect((await chats.search({ ...base, text: 'äpfel' })).items).toHaveLength(1)
    expect((await chats.search({ identity, text: 'äpfel' })).items).toHaveLength(1)
    expect((await chats.search({ identity: { userId: 'eve' }, text: 'äpfel' })).items).toHaveLength(0)
    const edited = await chats.editMessage({ ...base, messageId: posted.id, content: 'Über Birnen' })
    expect(edited.editedAt).toBeGreaterThan(0)
    await chats.deleteMessage({ ...base, messageId: posted.id })
    await expect(chats.getMessage({ ...base, messageId: posted.id })).rejects.toMatchObject({
      kind: 'not-found',
    })
    expect(it.provider.log).toHaveLength(0)
  })

  test('reactions: one of each emoji for each user, in its full form', async () => {
    await using it = await host()
    const { conversationId, messageId } = await it.chats.send({ identity, message: 'Hi' })
    const base = { identity, conversationId, messageId }
    await it.chats.setMember({ identity, conversationId, member: { userId: 'bob', role: 'member' } })
    await it.chats.toggleReaction({ ...base, emoji: '❤' })
    const both = await it.chats.toggleReaction({ ...base, identity: { userId: 'bob' }, emoji: '❤️' })
    expect(both).toMatchObject({
      present: true,
      reactions: [{ emoji: '❤️', count: 2, userIds: ['ada', 'bob'] }],
    })
    expect((await it.chats.toggleReaction({ ...base, emoji: '❤️' })).present).toBe(false)
    await expect(it.chats.toggleReaction({ ...base, emoji: 'nice' })).rejects.toMatchObject({
      kind: 'invalid-request',
    })
    const many = await Promise.all(
      Array.from({ length: 51 }, () => it.chats.toggleReaction({ ...base, emoji: '👍' })),
    )
    expect(many.filter(({ present }) => present)).toHaveLength(26)
    const groups = await it.chats.reactions({ identity, conversationId, messageIds: [messageId] })
    expect(groups.map(({ emoji, count }) => [emoji, count])).toEqual([
      ['❤️', 1],
      ['👍', 1],
    ])
  })
})

describe('tasks', () => {
  test('are added and brought forward, with times', async () => {
    await using it = await host()
    const { id: conversationId } = await it.chats.create({ identity })
    const task = await it.chats.addTask({
      identity,
      conversationId,
      title: 'Deploy',
      metadata: { branch: 'main' },
    })
    expect(task).toMatchObject({ status: 'pending', metadata: { branch: 'main' } })
    const done = await it.chats.updateTask({ identity, conversationId, taskId: task.id, status: 'completed' })
    expect(done.status).toBe('completed')
    expect(done.updatedAt).toBeGreaterThanOrEqual(done.createdAt)
    const odd = it.chats.updateTask({ identity, conversationId, taskId: task.id, status: 'done' as never })
    await expect(odd).rejects.toMatchObject({ kind: 'invalid-request' })
    expect(await it.chats.tasks({ identity, conversationId })).toHaveLength(1)
  })
})

describe('the audit', () => {
  test('gets every interaction, done or failed, with its texts cut', async () => {
    const entries: AuditEntry[] = []
    await using it = await host({
      script: ({ prompt }) => (prompt === 'bad' ? { error: 'server-failed' } : 'y'.repeat(2_000)),
      service: { audit: { sink: (entry) => void entries.push(entry) } },
    })
    const turn = await it.chats.send({ identity, message: 'x'.repeat(999), requestId: 'r1' })
    await expect(it.chats.send({ identity, message: 'bad' })).rejects.toBeDefined()
    await it.chats.settled()
    expect(entries[0]).toMatchObject({
      result: 'success',
      operation: 'send',
      userId: 'ada',
      requestId: 'r1',
      conversationId: turn.conversationId,
      messageId: turn.messageId,
    })
    expect(entries[0]?.prompt).toHaveLength(500)
    expect(entries[0]?.reply).toHaveLength(1_000)
    expect(entries[1]).toMatchObject({ result: 'failure', prompt: 'bad', error: { kind: 'server-failed' } })
  })

  test('a turn that fails before it is planned is audited as well', async () => {
    const entries: AuditEntry[] = []
    await using it = await host({ service: { audit: { sink: (entry) => void entries.push(entry) } } })
    const request = {
      identity: { userId: 'eve' },
      conversationId: 'other',
      message: 'Let me in',
      requestId: 'r1',
    }
    await expect(it.chats.send(request)).rejects.toMatchObject({ kind: 'not-found' })
    await it.chats.settled()
    expect(entries).toMatchObject([
      { result: 'failure', userId: 'eve', conversationId: 'other', requestId: 'r1', prompt: 'Let me in' },
    ])
    expect(entries[0]?.error?.kind).toBe('not-found')
  })

  test('a failing sink does not fail the turn', async () => {
    const lines: string[] = []
    const log = (_fields: object, message?: string): void => void lines.push(message ?? '')
    await using it = await host({
      service: {
        audit: {
          sink: () => {
            throw new Error('no disk')
          },
        },
        logger: { debug: log, info: log, warn: log, error: log },
      },
    })
    await expect(it.chats.send({ identity, message: 'Hi' })).resolves.toMatchObject({ status: 'complete' })
    await it.chats.settled()
    expect(lines.join()).toContain('no disk')
  })
})

describe('the service itself', () => {
  test('its end keeps what there is of open turns, also of one that waits for its reader between two calls', async () => {
    const look = defineTool({ name: 'look', execute: () => 'seen' })
    await using it = await host({
      script: ({ tools, toolResults }) => {
        if (tools.length > 0) return toolResults.length === 0 ? { toolCalls: [{ name: 'look' }] } : 'Done.'
        return { text: 'one two three', pacing: { betweenMs: 10_000 } }
      },
    })
    const slow = await it.chats.stream({ identity, message: 'slow' })
    const idle = await it.chats.stream({ identity, message: 'idle', tools: [look] })
    const events = idle[Symbol.asyncIterator]()
    for (let event = await events.next(); !event.done && event.value.type !== 'finish';)
      event = await events.next()
    await it.chats.close({ drainMs: 20 })
    expect(await keptTurns(it.store, slow.conversationId)).toEqual([
      'user: slow',
      expect.stringMatching(/^assistant: one.*\(cut\)$/),
    ])
    expect((await keptTurns(it.store, idle.conversationId))[0]).toBe('user: idle')
    await expect(slow.turn).rejects.toMatchObject({ kind: 'aborted' })
  })

  test('leaves nothing on a signal that outlives it', async () => {
    await using it = await host({
      script: ({ prompt }) => (prompt === 'bad' ? { error: 'invalid-request' } : 'one two'),
      orchestrator: { queue: { concurrency: 2, maxPending: 5 } },
    })
    const { signal } = new AbortController()
    const work = Array.from({ length: 60 }, async (_, at) => {
      const request = { identity, signal, message: at % 3 === 0 ? 'bad' : 'good', requestId: `r${at % 40}` }
      if (at % 2 === 0) return it.chats.send(request)
      const stream = await it.chats.stream(request)
      for await (const _event of stream) if (at % 5 === 0) break
      return undefined
    })
    const ends = await Promise.allSettled(work)
    expect(new Set(ends.map(({ status }) => status)).size).toBe(2)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('says which option is wrong, and takes nothing after its end', async () => {
    await using it = await host()
    await it.chats.close()
    await expect(it.chats.send({ identity, message: 'Hi' })).rejects.toMatchObject({ kind: 'misconfigured' })
    await expect(host({ service: { acess: {} } as never })).rejects.toThrow(/acess is not an option/)
    await expect(host({ service: { access: { orgRoles: () => 'admin' } } as never })).rejects.toThrow(
      /access\.orgRoles/,
    )
  })
})

test('equal user ids of two tenants: requests, totals and counts of two users', async () => {
  await using it = await host({ script: 'Yes.' })
  const [one, two] = ['one', 'two'].map((orgId) => ({ userId: 'ada', orgId })) as [Identity, Identity]
  const first = await it.chats.send({ identity: one, message: 'Hi', requestId: 'request-1' })
  const other = await it.chats.send({ identity: two, message: 'Hello', requestId: 'request-1' })
  expect(other.conversationId).not.toBe(first.conversationId)
  const again = await it.chats.send({ identity: one, message: 'Hi', requestId: 'request-1' })
  expect(again.messageId).toBe(first.messageId)
  const made = await it.chats.create({ identity: two, title: 'Plans', requestId: 'request-2' })
  expect((await it.chats.create({ identity: one, title: 'Plans', requestId: 'request-2' })).id).not.toBe(
    made.id,
  )
  await it.chats.send({ identity: two, conversationId: other.conversationId, message: 'And now?' })
  const totals = await Promise.all([one, two].map((user) => it.chats.usage({ identity: user })))
  expect(totals.map(({ calls, conversationCount, orgId }) => [calls, conversationCount, orgId])).toEqual([
    [1, 2, 'one'],
    [2, 2, 'two'],
  ])
  expect(await it.chats.usage({ identity: { userId: 'ada' } })).toMatchObject({
    calls: 0,
    conversationCount: 0,
  })
})
