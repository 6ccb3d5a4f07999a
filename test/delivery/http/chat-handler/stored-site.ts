import { createChatHandler, type ChatHandlerOptions } from 'llm-switchyard/http'
import { onTestFinished } from 'vitest'
import { host, type Hosted, type HostedOptions } from '../../../conversations/chat-host.ts'
import { post } from './served.ts'

interface Frame {
  readonly type: string
  readonly [field: string]: unknown
}

/** A whole response. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly frames: readonly Frame[]
}

/** A chat service behind a chat handler. Callers name themselves as `user` or `user@tenant`. */
export interface Site extends Hosted {
  ask(body: object, user?: string): Promise<Reply>
  call(method: string, path: string, user?: string): Promise<Reply>
}

/** Opens a site that closes when the test ends. */
export async function site(
  hosted: HostedOptions = {},
  options: Partial<ChatHandlerOptions> = {},
): Promise<Site> {
  const it = await host(hosted)
  const authorize: ChatHandlerOptions['authorize'] = ({ headers }) => {
    const [userId = '', tenant] = (headers.get('x-user') ?? 'ada').split('@')
    return { userId, tenant }
  }
  const handler = createChatHandler(it.chats, { authorize, ...options })
  onTestFinished(async () => {
    await handler.close()
    await it[Symbol.asyncDispose]()
  })
  const read = async (response: Response): Promise<Reply> => {
    const { status, headers } = response
    const text = await response.text()
    const data = text.split('\n').flatMap((line) => (line.startsWith('data: {') ? [line.slice(6)] : []))
    return { status, headers, text, frames: data.map((line) => JSON.parse(line) as Frame) }
  }
  return Object.assign(it, {
    ask: async (body: object, user = 'ada') =>
      read(await handler(post('http://h/api/chat', body, { 'x-user': user }))),
    call: async (method: string, path: string, user = 'ada') =>
      read(await handler(new Request(`http://h/api/chat${path}`, { method, headers: { 'x-user': user } }))),
  })
}
