import { LlmError } from 'llm-switchyard'
import type { ChatService, Identity } from 'llm-switchyard/conversations'
import { plainErrorBody } from 'llm-switchyard/http'
import { z } from 'zod'
import { people, personOf, signIn, type Person } from './people.ts'

interface Call {
  readonly chats: ChatService
  readonly person: Person
  readonly identity: Identity
  /** The conversation of the path, and the message in it. */
  readonly at: { readonly identity: Identity; readonly conversationId: string }
  readonly on: Call['at'] & { readonly messageId: string }
  readonly query: URLSearchParams
  readonly body: z.infer<typeof Body>
}

// The service checks what these say.
const Body = z
  .object({ title: z.string(), content: z.string(), emoji: z.string(), userId: z.string() })
  .partial()
  .extend({ role: z.enum(['member', 'viewer', 'admin']).default('member') })

type Work = (call: Call) => unknown

const C = '/api/conversations'
const M = `${C}/:id/messages/:messageId`

/** Everything but answers, which stream from the chat handler. */
const routes: Readonly<Record<string, Work>> = {
  'GET /api/me': ({ person }) => ({ ...person, colleagues: colleaguesOf(person) }),
  'GET /api/usage': ({ chats, identity }) => chats.usage({ identity }),
  'GET /api/search': ({ chats, identity, query }) =>
    chats.search({ identity, text: query.get('text') ?? '' }),
  [`GET ${C}`]: ({ chats, identity }) => chats.list({ identity, limit: 50 }),
  [`POST ${C}`]: ({ chats, identity, person }) =>
    chats.create({ identity, persona: 'pilot', userName: person.name }),
  [`GET ${C}/:id`]: openConversation,
  [`DELETE ${C}/:id`]: ({ chats, at }) => chats.delete(at),
  [`POST ${C}/:id/title`]: ({ chats, at, body }) => chats.update({ ...at, title: body.title }),
  [`POST ${C}/:id/members`]: ({ chats, at, body }) =>
    chats.setMember({ ...at, member: { userId: body.userId ?? '', role: body.role } }),
  [`DELETE ${M}`]: ({ chats, on }) => chats.deleteMessage(on),
  [`POST ${M}/edit`]: ({ chats, on, body }) => chats.editMessage({ ...on, content: body.content ?? '' }),
  [`POST ${M}/react`]: ({ chats, on, body }) => chats.toggleReaction({ ...on, emoji: body.emoji ?? '' }),
  [`POST ${M}/fork`]: ({ chats, on }) => chats.fork(on),
  [`GET ${M}/variants`]: ({ chats, on }) => chats.variants(on),
  [`POST ${M}/choose`]: ({ chats, on }) => chats.chooseVariant(on),
}
const table = Object.entries(routes).map(([route, work]) => {
  const [method, pathname] = route.split(' ')
  return { method, pattern: new URLPattern({ pathname }), work }
})

/** Serves the REST part of the product. */
export async function serveRoutes(chats: ChatService, request: Request): Promise<Response> {
  const { pathname, searchParams: query } = new URL(request.url)
  try {
    if (pathname === '/api/sign-in' && request.method === 'POST') return await signIn(request)
    const person = personOf(request)
    for (const { method, pattern, work } of table) {
      const groups = method === request.method ? pattern.exec({ pathname })?.pathname.groups : undefined
      if (groups === undefined) continue
      const body = await readBody(request)
      const { id: conversationId = '', messageId = '' } = groups
      const at = { identity: person, conversationId }
      const call = { chats, person, identity: person, at, on: { ...at, messageId }, query, body }
      return Response.json((await work(call)) ?? {})
    }
    return Response.json({ message: 'There is nothing here.' }, { status: 404 })
  } catch (error) {
    if (!LlmError.is(error)) throw error
    const { status, body } = plainErrorBody(error)
    return Response.json(body, { status })
  }
}

async function readBody(request: Request): Promise<z.infer<typeof Body>> {
  const text = request.method === 'POST' ? await request.text() : ''
  try {
    return Body.parse(text === '' ? {} : JSON.parse(text))
  } catch (cause) {
    throw new LlmError('invalid-request', 'the body is not what the route takes', { cause })
  }
}

async function openConversation({ chats, at }: Call): Promise<unknown> {
  const view = await chats.get({ ...at, limit: 200 })
  const messageIds = view.messages.map(({ id }) => id)
  const reactions = await chats.reactions({ ...at, messageIds })
  const { items: attachments } = await chats.attachments({ ...at, limit: 200 })
  const answer = view.messages.findLast(({ role }) => role === 'assistant')
  const pending = answer === undefined ? [] : await chats.pending({ ...at, messageId: answer.id })
  return {
    ...view,
    reactions,
    pending,
    attachments: attachments.map(({ data: _data, text: _text, ...file }) => file),
  }
}

function colleaguesOf({ userId, orgId }: Person): readonly Person[] {
  return [...people.values()].filter((other) => other.orgId === orgId && other.userId !== userId)
}
