import { LlmError } from 'llm-switchyard'
import {
  operations,
  permissionsOf,
  type AccessRequest,
  type ChatService,
  type Identity,
} from 'llm-switchyard/conversations'
import { beforeEach, describe, expect, test } from 'vitest'
import { host, type Hosted } from './chat-host.ts'

const who: Readonly<Record<string, Identity>> = {
  owner: { userId: 'ada' },
  admin: { userId: 'root' },
  member: { userId: 'bob' },
  viewer: { userId: 'vic' },
  stranger: { userId: 'eve' },
  none: undefined as never,
}

interface Scene {
  readonly chats: ChatService
  readonly conversationId: string
  /** A message of the owner that has an answer. */
  readonly userMessageId: string
  readonly messageId: string
  readonly attachmentId: string
  readonly taskId: string
}

type Attempt = (identity: Identity, scene: Scene) => Promise<unknown>
const on =
  (
    work: (
      chats: ChatService,
      base: { identity: Identity; conversationId: string },
      scene: Scene,
    ) => Promise<unknown>,
  ): Attempt =>
  (identity, scene) =>
    work(scene.chats, { identity, conversationId: scene.conversationId }, scene)

const file = { name: 'a.txt', mediaType: 'text/plain', text: 'a' }

/** Every operation. Those without a conversation run for the caller alone. */
const attempts: Readonly<Record<keyof typeof operations, Attempt>> = {
  create: (identity, { chats }) => chats.create({ identity }),
  import: (identity, { chats }) => chats.import({ identity, file: '## User\n\nHi' }),
  list: (identity, { chats }) => chats.list({ identity }),
  usage: (identity, { chats }) => chats.usage({ identity }),
  get: on((chats, base) => chats.get(base)),
  update: on((chats, base) => chats.update({ ...base, title: 'New' })),
  delete: on((chats, base) => chats.delete(base)),
  setMember: on((chats, base) => chats.setMember({ ...base, member: { userId: 'new', role: 'member' } })),
  removeMember: on((chats, base) => chats.removeMember({ ...base, userId: 'nobody' })),
  send: on((chats, base) => chats.send({ ...base, message: 'Hi' })),
  post: on((chats, base) => chats.post({ ...base, message: 'Hi' })),
  regenerate: on((chats, base, { messageId }) => chats.regenerate({ ...base, messageId })),
  resend: on((chats, base, { userMessageId }) =>
    chats.resend({ ...base, messageId: userMessageId, message: 'Ho' }),
  ),
  fork: on((chats, base) => chats.fork(base)),
  variants: on((chats, base, { messageId }) => chats.variants({ ...base, messageId })),
  chooseVariant: on((chats, base, { messageId }) => chats.chooseVariant({ ...base, messageId })),
  history: on((chats, base) => chats.history(base)),
  getMessage: on((chats, base, { messageId }) => chats.getMessage({ ...base, messageId })),
  editMessage: on((chats, base, { userMessageId }) =>
    chats.editMessage({ ...base, messageId: userMessageId, content: 'Ho' }),
  ),
  deleteMessage: on((chats, base, { userMessageId }) =>
    chats.deleteMessage({ ...base, messageId: userMessageId }),
  ),
  search: on((chats, base) => chats.search({ ...base, text: 'Hi' })),
  threads: on((chats, base) => chats.threads(base)),
  toggleReaction: on((chats, base, { messageId }) =>
    chats.toggleReaction({ ...base, messageId, emoji: '👍' }),
  ),
  reactions: on((chats, base, { messageId }) => chats.reactions({ ...base, messageIds: [messageId] })),
  attach: on((chats, base) => chats.attach({ ...base, attachment: file })),
  attachments: on((chats, base) => chats.attachments(base)),
  detach: on((chats, base, { attachmentId }) => chats.detach({ ...base, attachmentId })),
  addTask: on((chats, base) => chats.addTask({ ...base, title: 'Do' })),
  updateTask: on((chats, base, { taskId }) => chats.updateTask({ ...base, taskId, status: 'completed' })),
  tasks: on((chats, base) => chats.tasks(base)),
  summarize: on((chats, base) => chats.summarize(base)),
  summaries: on((chats, base) => chats.summaries(base)),
  export: on((chats, base) => chats.export(base)),
}

const ownPlace = new Set(['create', 'import', 'list', 'usage'])
// Operations on what one user owns in a conversation: other members are denied, even with write permission.
const personal = new Set(['resend', 'editMessage', 'deleteMessage', 'detach'])
// Whoever manages a conversation deletes, but only the author rewrites.
const authors = new Set(['resend', 'editMessage'])

function expected(operation: keyof typeof operations, actor: string): 'done' | 'unauthorized' | 'not-found' {
  if (actor === 'none') return 'unauthorized'
  if (ownPlace.has(operation)) return 'done'
  if (actor === 'stranger') return 'not-found'
  const may = permissionsOf(actor as 'owner').includes(operations[operation])
  if (!may) return 'unauthorized'
  if (authors.has(operation) && actor !== 'owner') return 'unauthorized'
  return personal.has(operation) && actor === 'member' ? 'unauthorized' : 'done'
}

describe('who may do what', () => {
  let it: Hosted
  let scene: Scene

  beforeEach(async () => {
    it = await host()
    const { chats } = it
    const identity = who['owner'] as Identity
    const turn = await chats.send({ identity, message: 'Hi' })
    const { conversationId, userMessageId, messageId } = turn
    const base = { identity, conversationId }
    await chats.setMember({ ...base, member: { userId: 'root', role: 'admin' } })
    await chats.setMember({ ...base, member: { userId: 'bob', role: 'member' } })
    await chats.setMember({ ...base, member: { userId: 'vic', role: 'viewer' } })
    const { id: attachmentId } = await chats.attach({ ...base, attachment: file })
    const { id: taskId } = await chats.addTask({ ...base, title: 'Do' })
    scene = { chats, conversationId, userMessageId, messageId, attachmentId, taskId }
    return () => it[Symbol.asyncDispose]()
  })

  const rows = Object.keys(operations).flatMap((operation) =>
    Object.keys(who).map(
      (actor) => [operation as keyof typeof operations, actor, expected(operation as never, actor)] as const,
    ),
  )

  test.each(rows)('%s by %s: %s', async (operation, actor, outcome) => {
    const before = await it.store.conversations.get(scene.conversationId)
    const ended = await attempts[operation](who[actor] as Identity, scene).then(
      () => 'done',
      (error: unknown) => (LlmError.is(error) ? error.kind : error),
    )
    expect(ended).toBe(outcome)
    if (outcome === 'done') return
    expect(await it.store.conversations.get(scene.conversationId)).toEqual(before)
    expect(it.provider.log).toHaveLength(1)
  })

  test('a stranger hears the same of a conversation that is there and of one that is not', async () => {
    const ask = (conversationId: string): Promise<string> =>
      it.chats.send({ identity: who['stranger'] as Identity, conversationId, message: 'Hi' }).then(
        () => 'answered',
        (error: unknown) => (error as Error).message.replace(conversationId, '…'),
      )
    expect(await ask(scene.conversationId)).toBe(await ask('no-such-conversation'))
    expect(await it.chats.list({ identity: who['stranger'] as Identity })).toMatchObject({ data: [] })
  })
})

describe('organisations and projects', () => {
  const orgRoles: Record<string, Record<string, 'admin' | 'member' | 'viewer'>> = {
    acme: { ada: 'member', bob: 'member', root: 'admin', vic: 'viewer' },
  }
  const access = {
    orgRole: ({ userId }: Identity, orgId: string) => orgRoles[orgId]?.[userId],
    projectRole: ({ userId }: Identity, { projectId }: { projectId: string }) =>
      projectId === 'secret' && userId === 'ada' ? ('member' as const) : undefined,
  }

  test('a conversation of an organisation is open to its members by role, and to no other user', async () => {
    await using it = await host({ service: { access } })
    const { conversationId } = await it.chats.send({
      identity: { userId: 'ada' },
      orgId: 'acme',
      message: 'Hi',
    })
    const read = (userId: string) => it.chats.get({ identity: { userId, orgId: 'acme' }, conversationId })
    const remove = (userId: string) => it.chats.delete({ identity: { userId }, conversationId })
    await expect(read('bob')).resolves.toMatchObject({ orgId: 'acme' })
    await expect(read('vic')).resolves.toMatchObject({ orgId: 'acme' })
    // The identity's own claim does not count if the application defines the roles.
    await expect(read('eve')).rejects.toMatchObject({ kind: 'not-found' })
    await expect(remove('bob')).rejects.toMatchObject({ kind: 'unauthorized', code: 'forbidden' })
    await expect(
      it.chats.send({ identity: { userId: 'vic' }, conversationId, message: 'Hi' }),
    ).rejects.toMatchObject({ kind: 'unauthorized' })
    await expect(remove('root')).resolves.toBeUndefined()
  })

  test('only a member starts a conversation in an organisation', async () => {
    await using it = await host({ service: { access } })
    const identity = { userId: 'eve' }
    await expect(it.chats.create({ identity, orgId: 'acme' })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(it.chats.send({ identity, orgId: 'acme', message: 'Hi' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(it.chats.list({ identity, orgId: 'acme' })).rejects.toMatchObject({ code: 'forbidden' })
    expect(it.provider.log).toHaveLength(0)
  })

  test('a project is closed to those who are in the organisation alone, but for its admins', async () => {
    await using it = await host({ service: { access } })
    const place = { orgId: 'acme', projectId: 'secret' }
    const { id: conversationId } = await it.chats.create({
      identity: { userId: 'ada' },
      ...place,
      title: 'Plans',
    })
    const read = (userId: string) => it.chats.get({ identity: { userId }, conversationId })
    await expect(read('bob')).rejects.toMatchObject({ kind: 'not-found' })
    await expect(read('root')).resolves.toMatchObject({ title: 'Plans' })
    const seen = async (userId: string): Promise<number> =>
      (await it.chats.list({ identity: { userId }, orgId: 'acme' })).data.length
    expect(await seen('bob')).toBe(0)
    expect(await seen('ada')).toBe(1)
  })

  test('who has left the organisation has left their own conversations there', async () => {
    const roles = new Map([['ada', 'member' as const]])
    await using it = await host({ service: { access: { orgRole: ({ userId }) => roles.get(userId) } } })
    const identity = { userId: 'ada' }
    const { conversationId } = await it.chats.send({ identity, orgId: 'acme', message: 'secret' })
    roles.clear()
    await expect(it.chats.get({ identity, conversationId })).rejects.toMatchObject({ kind: 'not-found' })
    expect((await it.chats.list({ identity })).data).toEqual([])
    expect((await it.chats.search({ identity, text: 'secret' })).items).toEqual([])
  })

  test('a host has the last word, and knows what it is about', async () => {
    const asked: AccessRequest[] = []
    const allow = (request: AccessRequest): boolean => {
      asked.push(request)
      return request.operation !== 'export'
    }
    await using it = await host({ service: { access: { allow } } })
    const identity = { userId: 'ada' }
    const { conversationId } = await it.chats.send({ identity, message: 'Hi' })
    await expect(it.chats.export({ identity, conversationId })).rejects.toMatchObject({ code: 'forbidden' })
    expect(asked.at(-1)).toMatchObject({
      operation: 'export',
      permission: 'read',
      identity,
      conversation: { id: conversationId, userId: 'ada' },
    })
  })

  test('levels by role', () => {
    expect(permissionsOf('owner')).toEqual(['read', 'write', 'deploy', 'admin'])
    expect(permissionsOf('editor')).toEqual(['read', 'write', 'deploy'])
    expect(permissionsOf('member')).toEqual(['read', 'write'])
    expect(permissionsOf('toString' as never)).toEqual([])
  })
})

describe('two users of one organisation, and two tenants with equal user ids', () => {
  const ann: Identity = { userId: 'ann', orgId: 'acme' }
  const others: readonly (readonly [string, Identity])[] = [
    ['a colleague', { userId: 'bob', orgId: 'acme' }],
    ['a namesake in another organisation', { userId: 'ann', orgId: 'umbrella' }],
    ['a namesake in none', { userId: 'ann' }],
  ]

  test.each(others)('%s can do nothing in a chat, and learns nothing of it', async (_name, other) => {
    await using it = await host()
    const { chats } = it
    const turn = await chats.send({ identity: ann, message: 'My salary is 12345' })
    const { conversationId, userMessageId, messageId } = turn
    const base = { identity: ann, conversationId }
    const { id: attachmentId } = await chats.attach({ ...base, attachment: file })
    const { id: taskId } = await chats.addTask({ ...base, title: 'Do' })
    const scene = { chats, conversationId, userMessageId, messageId, attachmentId, taskId }
    for (const [operation, attempt] of Object.entries(attempts)) {
      if (ownPlace.has(operation)) continue
      const ended = await attempt(other, scene).then(
        () => 'done',
        (error: unknown) => (LlmError.is(error) ? error.kind : error),
      )
      expect(`${operation}: ${String(ended)}`).toBe(`${operation}: not-found`)
    }
    for (const orgId of [undefined, other.orgId])
      expect(await chats.list({ identity: other, orgId, page: 1 })).toMatchObject({
        data: [],
        meta: { total: 0 },
      })
    expect(await chats.search({ identity: other, text: 'salary', withTotal: true })).toMatchObject({
      items: [],
      total: 0,
    })
    expect(it.provider.log).toHaveLength(1)
    expect((await chats.list({ identity: ann, page: 1 })).meta).toMatchObject({ total: 1 })
  })

  test('both may begin a conversation with the same id', async () => {
    await using it = await host()
    const { chats } = it
    const id = 'chat-of-a-page'
    const begun: string[] = []
    for (const identity of [ann, ...others.map(([, other]) => other)]) {
      const { conversationId } = await chats.send({
        identity,
        message: 'Hi',
        conversationId: id,
        begin: true,
      })
      begun.push(conversationId)
      expect((await chats.get({ identity, conversationId: id })).id).toBe(conversationId)
      await expect(chats.create({ identity, id })).rejects.toMatchObject({ kind: 'conflict' })
    }
    expect(new Set(begun).size).toBe(4)
    expect(begun[0]).toBe(id)
  })

  test('an answer that nobody wrote is rewritten by who manages, and the message tells who did', async () => {
    await using it = await host()
    const { chats } = it
    const { conversationId, userMessageId, messageId } = await chats.send({ identity: ann, message: 'Hi' })
    const base = { identity: ann, conversationId }
    const root = { userId: 'root', orgId: 'acme' }
    await chats.setMember({ ...base, member: { userId: 'root', role: 'admin' } })
    const edited = await chats.editMessage({ ...base, identity: root, messageId, content: 'Hello.' })
    expect(edited.editedBy).toBe('root')
    const own = await chats.editMessage({ ...base, messageId: userMessageId, content: 'Ho' })
    expect(own.editedBy).toBe('ann')
    await chats.deleteMessage({ ...base, identity: root, messageId: userMessageId })
  })
})
