import type { ChatStore, MessageView, StoredMessage } from 'llm-switchyard/conversations'
import type { FakeScript } from 'llm-switchyard/testing'
import { expect } from 'vitest'
import { ada, host, keptTurns, sentTurns, type Hosted } from './chat-host.ts'

const identity = ada
const tools = [{ name: 'look', execute: (): string => 'seen' }]

/** Two services on one store, as in two processes. */
export type Opened = () => readonly [ChatStore, ChatStore]

/** What holds for the branches of a conversation in every store. */
export const branchLaws: readonly { readonly name: string; check(opened: Opened): Promise<void> }[] = [
  { name: 'an answer with tools is one variant, and is chosen with all of its messages', check: toolsAreOne },
  { name: 'of regenerations at once one counts', check: regenerationsAtOnce },
  { name: 'regenerations and sends at once keep questions and answers alternating', check: mixedAtOnce },
  { name: 'of resends at once one question and its answer count', check: resendsAtOnce },
  { name: 'an answer to a question that left the history does not count', check: leftMeanwhile },
  { name: 'choosing and regenerating at once leave one answer', check: choosingAtOnce },
  { name: 'a question that was replaced is chosen again with its answer', check: questionChosenAgain },
  { name: 'a message of a branch that left is chosen with the turns before it', check: leftBranchChosen },
  { name: 'a message of a branch that left is not replaced, before it is chosen', check: leftBranchEdited },
  { name: 'a turn that had left before is not restored with a later one', check: leftBefore },
  { name: 'a regeneration is not told what came later, but what came late', check: lateAnswers },
  { name: 'a fork keeps order, request ids and attachments', check: forkKeeps },
  { name: 'files of a deleted message are gone', check: filesOfDeleted },
]

async function toolsAreOne(opened: Opened): Promise<void> {
  await using it = await hostOn(opened()[0], answers())
  const first = await it.chats.send({ identity, message: 'use q', tools })
  const { conversationId, messageId } = first
  const second = await it.chats.regenerate({ identity, conversationId, messageId, tools })
  const third = await it.chats.regenerate({ identity, conversationId, messageId: second.messageId })
  const ids = [messageId, second.messageId, third.messageId]
  for (const id of [...ids, await callOf(it.store, conversationId)])
    expect(
      (await it.chats.variants({ identity, conversationId, messageId: id })).map((variant) => variant.id),
    ).toEqual(ids)
  for (const chosen of [first, third, second, first]) {
    await it.chats.chooseVariant({ identity, conversationId, messageId: chosen.messageId })
    const rounds = chosen === third ? [] : ['assistant: tool-call', 'tool: seen']
    const kept = ['user: use q', ...rounds, `assistant: ${chosen.content}`]
    expect(await keptTurns(it.store, conversationId)).toEqual(kept)
    await it.chats.send({ identity, conversationId, message: 'then', persist: false })
    expect(sentTurns(it.provider).at(-2)).toBe(`assistant: ${chosen.content}`)
    expect(sentTurns(it.provider)).toHaveLength(kept.length + 1)
  }
  // A tool call stands for the answer that it led to.
  await it.chats.chooseVariant({ identity, conversationId, messageId: third.messageId })
  await it.chats.chooseVariant({
    identity,
    conversationId,
    messageId: await callOf(it.store, conversationId),
  })
  expect(await keptTurns(it.store, conversationId)).toHaveLength(4)
}

async function regenerationsAtOnce(opened: Opened): Promise<void> {
  await using pair = await twoHosts(opened, answers())
  const first = await pair.one.chats.send({ identity, message: 'use q', tools })
  const { conversationId, messageId } = first
  const again = [0, 1, 2, 3, 4, 5].map((at) =>
    (at % 2 === 0 ? pair.one : pair.other).chats.regenerate({
      identity,
      conversationId,
      messageId,
      ...(at < 3 ? { tools } : {}),
    }),
  )
  await Promise.all(again)
  const kept = await checked(pair.one, conversationId)
  expect(kept.filter(({ role }) => role === 'user')).toHaveLength(1)
  const all = await pair.one.chats.variants({ identity, conversationId, messageId })
  expect(all).toHaveLength(7)
  expect(all.filter(({ active }) => active)).toHaveLength(1)
}

async function mixedAtOnce(opened: Opened): Promise<void> {
  await using pair = await twoHosts(opened, answers())
  const first = await pair.one.chats.send({ identity, message: 'q' })
  const { conversationId, messageId } = first
  await Promise.all([
    pair.one.chats.regenerate({ identity, conversationId, messageId, tools }),
    pair.other.chats.send({ identity, conversationId, message: 'use next', tools }),
    pair.other.chats.regenerate({ identity, conversationId, messageId }),
    pair.one.chats.send({ identity, conversationId, message: 'more' }),
  ])
  await checked(pair.one, conversationId)
  await pair.other.chats.send({ identity, conversationId, message: 'end', persist: false })
  const roles = sentTurns(pair.other.provider).map((line) => line.split(':')[0])
  expect(roles.slice(0, -1).join(' ')).not.toMatch(/user user/)
}

async function resendsAtOnce(opened: Opened): Promise<void> {
  await using pair = await twoHosts(opened, answers())
  const { conversationId, userMessageId: messageId } = await pair.one.chats.send({ identity, message: 'r' })
  await Promise.all(
    [0, 1, 2, 3].map((at) =>
      (at % 2 === 0 ? pair.one : pair.other).chats.resend({
        identity,
        conversationId,
        messageId,
        message: `${at === 1 ? 'use ' : ''}r${at}`,
        tools,
      }),
    ),
  )
  const kept = await checked(pair.one, conversationId)
  expect(kept.filter(({ role }) => role === 'user')).toHaveLength(1)
  expect(kept.at(-1)?.role).toBe('assistant')
  expect(await pair.one.chats.variants({ identity, conversationId, messageId })).toHaveLength(5)
}

async function leftMeanwhile(opened: Opened): Promise<void> {
  const gate = Promise.withResolvers<void>()
  const script: FakeScript = async ({ prompt, call }) => {
    if (prompt === 'slow') await gate.promise
    return `a${call}`
  }
  await using pair = await twoHosts(opened, script)
  const first = await pair.one.chats.send({ identity, message: 'q' })
  const { conversationId, messageId } = first
  await pair.one.chats.regenerate({ identity, conversationId, messageId })
  const slow = pair.other.chats.send({ identity, conversationId, message: 'slow' })
  await expect.poll(() => pair.other.provider.log.length).toBe(1)
  await pair.one.chats.chooseVariant({ identity, conversationId, messageId })
  gate.resolve()
  await slow
  expect(await keptTurns(pair.one.store, conversationId)).toEqual(['user: q', `assistant: ${first.content}`])
}

async function choosingAtOnce(opened: Opened): Promise<void> {
  await using pair = await twoHosts(opened, answers())
  const first = await pair.one.chats.send({ identity, message: 'use q', tools })
  const { conversationId, messageId } = first
  const second = await pair.one.chats.regenerate({ identity, conversationId, messageId, tools })
  await Promise.all([
    pair.one.chats.chooseVariant({ identity, conversationId, messageId }),
    pair.other.chats.regenerate({ identity, conversationId, messageId, tools }),
    pair.other.chats.chooseVariant({ identity, conversationId, messageId: second.messageId }),
    pair.one.chats.regenerate({ identity, conversationId, messageId }),
  ])
  await checked(pair.one, conversationId)
}

async function questionChosenAgain(opened: Opened): Promise<void> {
  await using it = await hostOn(opened()[0], answers())
  const first = await it.chats.send({ identity, message: 'use red', tools })
  const { conversationId, userMessageId: messageId } = first
  const blue = await it.chats.resend({ identity, conversationId, messageId, message: 'blue' })
  await it.chats.send({ identity, conversationId, message: 'later' })
  await it.chats.chooseVariant({ identity, conversationId, messageId })
  expect(await keptTurns(it.store, conversationId)).toEqual([
    'user: use red',
    'assistant: tool-call',
    'tool: seen',
    `assistant: ${first.content}`,
  ])
  await it.chats.chooseVariant({ identity, conversationId, messageId: blue.messageId })
  expect(await keptTurns(it.store, conversationId)).toEqual(['user: blue', `assistant: ${blue.content}`])
}

async function leftBranchChosen(opened: Opened): Promise<void> {
  await using it = await hostOn(opened()[0], answers())
  const { conversationId, content: a0 } = await it.chats.send({ identity, message: 'q0' })
  const first = await it.chats.send({ identity, conversationId, message: 'use q1', tools })
  const cut = await it.chats.regenerate({ identity, conversationId, messageId: first.messageId })
  const second = await it.chats.send({ identity, conversationId, message: 'q2' })
  const third = await it.chats.send({ identity, conversationId, message: 'q3' })
  const edited = { identity, conversationId, messageId: first.userMessageId, message: 'q1 again' }
  const other = await it.chats.resend(edited)
  const before = ['user: q0', `assistant: ${a0}`]
  const branch = [...before, 'user: use q1', `assistant: ${cut.content}`, 'user: q2']
  for (const chosen of [third.userMessageId, second.messageId, third.messageId]) {
    const request = { identity, conversationId, messageId: chosen }
    await it.chats.chooseVariant({ ...request, messageId: other.messageId })
    expect(await keptTurns(it.store, conversationId)).toEqual([
      ...before,
      'user: q1 again',
      `assistant: ${other.content}`,
    ])
    await it.chats.chooseVariant(request)
    const last = chosen === second.messageId ? [] : ['user: q3', `assistant: ${third.content}`]
    expect(await keptTurns(it.store, conversationId)).toEqual([
      ...branch,
      `assistant: ${second.content}`,
      ...last,
    ])
  }
}

async function leftBranchEdited(opened: Opened): Promise<void> {
  await using it = await hostOn(opened()[0], answers())
  const first = await it.chats.send({ identity, message: 'q0' })
  const { conversationId } = first
  const second = await it.chats.send({ identity, conversationId, message: 'q1' })
  const edit = { identity, conversationId, messageId: second.userMessageId, message: 'q1 again' }
  const again = await it.chats.resend({ ...edit, requestId: 'kept' })
  const place = { identity, conversationId, messageId: first.userMessageId }
  const other = await it.chats.resend({ ...place, message: 'q0 again' })
  const newest = ['user: q0 again', `assistant: ${other.content}`]
  for (const stream of [false, true]) {
    const refused = stream ? it.chats.resendStream(edit) : it.chats.resend(edit)
    await expect(refused).rejects.toMatchObject({ kind: 'invalid-request', issues: [{ path: 'messageId' }] })
  }
  expect(await keptTurns(it.store, conversationId)).toEqual(newest)
  expect(await it.chats.resend({ ...edit, requestId: 'kept' })).toMatchObject({
    messageId: again.messageId,
    repeated: true,
  })
  await it.chats.chooseVariant({ identity, conversationId, messageId: second.userMessageId })
  // Its own variants stay interchangeable: a page may still name the first one.
  const third = await it.chats.resend(edit)
  expect(await keptTurns(it.store, conversationId)).toEqual([
    'user: q0',
    `assistant: ${first.content}`,
    'user: q1 again',
    `assistant: ${third.content}`,
  ])
}

async function leftBefore(opened: Opened): Promise<void> {
  await using it = await hostOn(opened()[0], answers())
  const first = await it.chats.send({ identity, message: 'q0' })
  const { conversationId, messageId } = first
  await it.chats.send({ identity, conversationId, message: 'left' })
  await it.chats.regenerate({ identity, conversationId, messageId })
  const second = await it.chats.send({ identity, conversationId, message: 'q1' })
  const again = await it.chats.regenerate({ identity, conversationId, messageId })
  await it.chats.chooseVariant({ identity, conversationId, messageId: second.userMessageId })
  await it.chats.send({ identity, conversationId, message: 'then', persist: false })
  expect(sentTurns(it.provider)).toEqual([
    'user: q0',
    `assistant: ${again.content}`,
    'user: q1',
    `assistant: ${second.content}`,
    'user: then',
  ])
}

async function lateAnswers(opened: Opened): Promise<void> {
  const gate = Promise.withResolvers<void>()
  const script: FakeScript = async ({ prompt }) => {
    if (prompt === 'slow') await gate.promise
    return `on ${prompt}`
  }
  await using it = await hostOn(opened()[0], script)
  const { id: conversationId } = await it.chats.create({ identity })
  const slow = it.chats.send({ identity, conversationId, message: 'slow' })
  await expect.poll(() => it.provider.log.length).toBe(1)
  const quick = await it.chats.send({ identity, conversationId, message: 'quick' })
  gate.resolve()
  await slow
  await it.chats.regenerate({ identity, conversationId, messageId: quick.messageId })
  expect(sentTurns(it.provider)).toEqual(['user: slow', 'assistant: on slow', 'user: quick'])
}

async function forkKeeps(opened: Opened): Promise<void> {
  const gate = Promise.withResolvers<void>()
  const script: FakeScript = async ({ prompt, toolResults }) => {
    if (prompt.startsWith('slow') && toolResults.length === 0) {
      await gate.promise
      return { toolCalls: [{ name: 'look', arguments: {} }] }
    }
    return `on ${prompt.split('\n').at(-1)}`
  }
  await using it = await hostOn(opened()[0], script)
  const { id: conversationId } = await it.chats.create({ identity })
  const file = { name: 'a.txt', mediaType: 'text/plain', text: 'words' }
  const send = { identity, conversationId, message: 'slow', requestId: 'first', attachments: [file], tools }
  const slow = it.chats.send(send)
  await expect.poll(() => it.provider.log.length).toBe(1)
  await it.chats.send({ identity, conversationId, message: 'quick' })
  gate.resolve()
  const turn = await slow
  const last = await it.chats.send({ identity, conversationId, message: 'third' })
  const told = sentTurns(it.provider)
  const whole = await it.chats.fork({ identity, conversationId })
  await it.chats.send({ identity, conversationId: whole.id, message: 'fourth', persist: false })
  expect(sentTurns(it.provider)).toEqual([...told, `assistant: ${last.content}`, 'user: fourth'])
  expect(await filesOf(it, whole.id)).toEqual([['a.txt', turn.userMessageId]])
  const calls = it.provider.log.length
  await it.chats.send({ ...send, conversationId: whole.id, attachments: [] }).catch(() => undefined)
  expect(it.provider.log).toHaveLength(calls)
  const part = await it.chats.fork({ identity, conversationId, messageId: turn.messageId })
  expect((await checked(it, part.id)).map(({ role }) => role)).toEqual([
    'user',
    'assistant',
    'tool',
    'assistant',
  ])
  const again = await it.chats.regenerate({
    identity,
    conversationId: part.id,
    messageId: turn.messageId,
    tools,
  })
  expect((await checked(it, part.id)).at(-1)?.id).toBe(again.messageId)
}

async function filesOfDeleted(opened: Opened): Promise<void> {
  await using it = await hostOn(opened()[0], 'fine')
  const { id: conversationId } = await it.chats.create({ identity })
  const file = { name: 'payslip.pdf', mediaType: 'application/pdf', url: 'https://files/payslip.pdf' }
  const gone = await it.chats.post({ identity, conversationId, message: 'oops', attachments: [file] })
  const stays = await it.chats.post({ identity, conversationId, message: 'ok', attachments: [file] })
  const [attached] = (await it.chats.attachments({ identity, conversationId, messageId: gone.id })).items
  await it.chats.deleteMessage({ identity, conversationId, messageId: gone.id })
  expect(await filesOf(it, conversationId)).toEqual([['payslip.pdf', stays.id]])
  const send = { identity, conversationId, message: 'see', attachmentIds: [attached?.id ?? ''] }
  await expect(it.chats.send(send)).rejects.toMatchObject({ kind: 'not-found' })
  const fork = await it.chats.fork({ identity, conversationId })
  expect(await filesOf(it, fork.id)).toEqual([['payslip.pdf', stays.id]])
}

function answers(): FakeScript {
  let count = 0
  return ({ prompt, toolResults, tools: offered }) => {
    const asked = prompt.split('\n').at(-1) ?? ''
    if (asked.startsWith('use') && offered.length > 0 && toolResults.length === 0)
      return { toolCalls: [{ name: 'look', arguments: {} }], pacing: { firstMs: (count * 7) % 20 } }
    count += 1
    return { text: `a${count} on ${asked}`, pacing: { firstMs: (count * 13) % 30 } }
  }
}

async function hostOn(store: ChatStore, script: FakeScript): Promise<Hosted> {
  return host({ store, script })
}

async function twoHosts(
  opened: Opened,
  script: FakeScript,
): Promise<AsyncDisposable & { readonly one: Hosted; readonly other: Hosted }> {
  const [first, second] = opened()
  const [one, other] = [await hostOn(first, script), await hostOn(second, script)]
  return {
    one,
    other,
    [Symbol.asyncDispose]: async () => {
      await one[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    },
  }
}

async function callOf(store: ChatStore, id: string): Promise<string> {
  const { items } = await store.messages.list(id, { inactive: true, limit: 50, roles: ['assistant'] })
  return items.find(({ content }) => typeof content !== 'string')?.id ?? ''
}

async function filesOf({ chats }: Hosted, conversationId: string): Promise<readonly unknown[]> {
  const { items } = await chats.attachments({ identity, conversationId })
  return items.map(({ name, messageId }) => [name, messageId])
}

/** The active messages. Of the answers to each question one counts, whole, and none of a question that does not. */
async function checked({ chats, store }: Hosted, conversationId: string): Promise<readonly StoredMessage[]> {
  const kept = await store.messages.history(conversationId, { limit: 200 })
  const questions = new Set(kept.filter(({ role }) => role === 'user').map(({ id }) => id))
  const ends = kept.filter(({ role, content }) => role === 'assistant' && !callsOf(content))
  const answered = ends.map(({ metadata }) => metadata['answers'] as string)
  expect(new Set(answered).size).toBe(answered.length)
  expect(answered.filter((id) => !questions.has(id))).toEqual([])
  const rounds = new Set(ends.map(({ requestId }) => requestId))
  expect(kept.filter(({ role, requestId }) => role !== 'user' && !rounds.has(requestId))).toEqual([])
  const calls = kept.flatMap(({ content }) => (callsOf(content) ? [content] : []))
  expect(kept.filter(({ role }) => role === 'tool')).toHaveLength(calls.length)
  const shown: readonly MessageView[] = (await chats.history({ identity, conversationId, limit: 200 })).items
  expect(shown.map(({ id }) => id).toSorted()).toEqual(kept.map(({ id }) => id).toSorted())
  return kept
}

function callsOf(content: StoredMessage['content']): boolean {
  return typeof content !== 'string' && content.some(({ type }) => type === 'tool-call')
}
