import type { Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import { isSafeId } from '../../../core/validate-id.ts'
import { cut } from '../../../core/issues.ts'
import { plainSseEncoder } from '../../encoders/index.ts'
import { mayStop } from './stored-chats.ts'
import {
  forbidden,
  jsonResponse,
  notFound,
  type GuardedEndpoint,
  type GuardedRequest,
  MAX_PICTURE_BYTES,
} from '../guards/index.ts'
import { resumeChat } from './resume-route.ts'
import { streamHeaders } from '../stream-headers.ts'
import { findRun, type RouteParts, type StreamRequest } from './stream-request.ts'
import { testStream } from './test-sse.ts'

type Serve = (parts: RouteParts, guarded: GuardedRequest) => Promise<Response>
type Route = readonly [methods: readonly string[], serve: (guarded: GuardedRequest) => Promise<Response>]

/** Returns the endpoint of a request. An unknown path gets a 404 after the guards, as any other response. */
export function endpointOf(parts: RouteParts, request: Request, answer: Serve): GuardedEndpoint {
  const { pathname } = new URL(request.url)
  const [methods, serve] = routeOf(parts, pathname, answer) ?? [
    [request.method === 'HEAD' ? 'GET' : request.method],
    () => Promise.reject(notFound(request.method, pathname)),
  ]
  return { methods, serve, errorBody: parts.errorBody, maxBodyBytes: MAX_PICTURE_BYTES }
}

function routeOf(parts: RouteParts, pathname: string, answer: Serve): Route | undefined {
  const { basePath } = parts.options
  const inside = basePath === undefined ? pathname : below(pathname, basePath)
  if (inside === undefined) return undefined
  const segments = inside.split('/').filter((segment) => segment !== '')
  if (segments.at(-1) === 'test-sse' && (basePath === undefined || segments.length === 1))
    return [['GET'], async () => testResponse(parts.clock)]
  const action = ACTIONS.get(segments.at(-1) ?? '')
  const id = decodeId(segments.at(-2))
  if (action !== undefined && id !== undefined && (basePath === undefined || segments.length === 2)) {
    const [methods, serve] = action
    return [methods, (guarded) => serve({ parts, guarded, id })]
  }
  if (basePath === undefined ? namesStream(segments) : segments.length > 0) return undefined
  return [['POST'], (guarded) => answer(parts, guarded)]
}

const STREAM_ID = /^(?:run|conv)_[0-9a-f]{8,}$/
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

// Without `basePath` any path may be the mount point, but not one that names a stream or an action.
function namesStream(segments: readonly string[]): boolean {
  const [last = '', previous = ''] = [segments.at(-1), segments.at(-2)]
  if (ACTIONS.has(last) && last !== 'stream') return true
  return STREAM_ID.test(last) || UUID.test(last) || STREAM_ID.test(previous)
}

function below(pathname: string, basePath: string): string | undefined {
  const base = `/${basePath
    .split('/')
    .filter((segment) => segment !== '')
    .join('/')}`
  if (base === '/') return pathname
  if (pathname === base) return ''
  return pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : undefined
}

function decodeId(segment: string | undefined): string | undefined {
  if (segment === undefined) return undefined
  try {
    const id = decodeURIComponent(segment)
    return isSafeId(id) ? id : undefined
  } catch {
    return undefined
  }
}

type Action = readonly [methods: readonly string[], serve: (asked: StreamRequest) => Promise<Response>]

const CANCEL: Action = [['POST'], (asked) => cancel(asked)]
const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  [
    'stream',
    [
      ['GET', 'DELETE'],
      async (asked) => (asked.guarded.request.method === 'DELETE' ? cancel(asked) : resumeChat(asked)),
    ],
  ],
  ['cancel', CANCEL],
  ['stop', CANCEL],
  ['status', [['GET'], (asked) => report(asked, ({ parts, id }) => parts.runs.status(id))]],
  ['metrics', [['GET'], (asked) => report(asked, ({ parts, id }) => parts.runs.metrics(id))]],
])

async function cancel(asked: StreamRequest): Promise<Response> {
  const info = await findRun(asked)
  if (info === undefined) throw unknown(asked.id)
  const { runs, chats } = asked.parts
  const shared = chats && { runs, chats, access: asked.guarded.access, id: asked.id }
  if (shared !== undefined && !(await mayStop(shared, info)))
    throw forbidden('only the user who asked, an owner or an admin may stop this answer')
  const cancelled = await runs.cancel(info.id, 'the client stopped the stream')
  return jsonResponse({ streamId: info.id, cancelled })
}

async function report(
  asked: StreamRequest,
  read: (asked: StreamRequest) => Promise<unknown>,
): Promise<Response> {
  const info = await findRun(asked)
  const found = info === undefined ? undefined : await read({ ...asked, id: info.id })
  if (found === undefined) throw unknown(asked.id)
  return jsonResponse(found, { headers: { 'cache-control': 'no-store' } })
}

function unknown(id: string): LlmError {
  return new LlmError(
    'not-found',
    `there is no stream or conversation "${cut(id, 60)}", or its stream is no longer stored`,
  )
}

function testResponse(clock: Clock): Response {
  return new Response(testStream(clock), { headers: streamHeaders(plainSseEncoder({ createdMs: 0 })) })
}
