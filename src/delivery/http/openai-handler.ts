import { LlmError } from '../../core/error.ts'
import type { Orchestrator } from '../../orchestrator/index.ts'
import { serveChat } from './chat-endpoint.ts'
import { serveEmbeddings } from './embeddings-endpoint.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { createGuards, notFound, type Guards, type Place, type GuardedRequest } from './guards/index.ts'
import type { OpenAIHandlerOptions } from './handler-options.ts'
import { ModelNames } from './model-names.ts'
import { serveModels } from './models-endpoint.ts'
import { serveHealth, serveHealthDetails, serveQueueActivity, serveQueueStatus } from './status-endpoint.ts'
import {
  anthropicManners,
  chatSurface,
  messagesSurface,
  openaiManners,
  responsesSurface,
  type ErrorRules,
} from './error-format.ts'
import { serveTokenCount } from './token-count-endpoint.ts'

/**
 * A web-standard handler that speaks like OpenAI and Anthropic: `/v1/chat/completions`, `/v1/responses`,
 * `/v1/embeddings`, `/v1/models`, `/v1/messages`, and `/health` and `/queue` beside them. Never rejects. Throws
 * `misconfigured` naming the option that is wrong, `authorize` above all.
 *
 * ```ts
 * const handler = createOpenAIHandler(orchestrator, { authorize: (request) => ({ userId: userOf(request) }) })
 * createServer(toNodeHandler(handler)).listen(8080)
 * ```
 */
export function createOpenAIHandler(
  orchestrator: Orchestrator,
  options: OpenAIHandlerOptions,
): (request: Request) => Promise<Response> {
  const given: OpenAIHandlerOptions | undefined = options
  const guards = createGuards(given ?? { authorize: undefined }, 'createOpenAIHandler')
  const { unknownFields = 'ignore', basePath = '' } = options
  if (unknownFields !== 'ignore' && unknownFields !== 'pass')
    throw new LlmError('misconfigured', `createOpenAIHandler: unknownFields takes 'ignore' or 'pass'`)
  const gateway = { orchestrator, options, names: new ModelNames(orchestrator.registry, options) }
  const base = basePath.replace(/\/+$/, '')
  return (request) => route(guards, gateway, { request, base })
}

interface Coming {
  readonly request: Request
  readonly base: string
}

function route(guards: Guards, gateway: EndpointContext, { request, base }: Coming): Promise<Response> {
  const { pathname } = new URL(request.url)
  const inside = base === '' || pathname === base || pathname.startsWith(`${base}/`)
  const path = inside ? pathname.slice(base.length).replace(/(?<=.)\/+$/, '') : undefined
  const found = path === undefined ? undefined : placeOf(gateway, path)
  return guards.admit(request, found ?? nowhere(request, pathname))
}

type Serve = (gateway: EndpointContext, visit: GuardedRequest) => Response | Promise<Response>

const POST: readonly string[] = ['POST']
const GET: readonly string[] = ['GET']

interface Endpoint {
  readonly methods: readonly string[]
  readonly manners: ErrorRules
  readonly open?: boolean
  readonly serve: Serve
}

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  [
    '/v1/chat/completions',
    {
      methods: POST,
      manners: openaiManners,
      serve: (gateway, visit) => serveChat(gateway, visit, 'chat-completions', chatSurface),
    },
  ],
  [
    '/v1/responses',
    {
      methods: POST,
      manners: openaiManners,
      serve: (gateway, visit) => serveChat(gateway, visit, 'responses', responsesSurface),
    },
  ],
  [
    '/v1/messages',
    {
      methods: POST,
      manners: anthropicManners,
      serve: (gateway, visit) => serveChat(gateway, visit, 'messages', messagesSurface),
    },
  ],
  ['/v1/messages/count_tokens', { methods: POST, manners: anthropicManners, serve: serveTokenCount }],
  ['/v1/embeddings', { methods: POST, manners: openaiManners, serve: serveEmbeddings }],
  [
    '/v1/models',
    {
      methods: GET,
      manners: openaiManners,
      serve: (gateway, visit) => serveModels(gateway, visit, undefined),
    },
  ],
  ['/health', { methods: GET, manners: openaiManners, open: true, serve: serveHealth }],
  ['/health/details', { methods: GET, manners: openaiManners, serve: serveHealthDetails }],
  ['/queue/status', { methods: GET, manners: openaiManners, serve: serveQueueStatus }],
  ['/queue/activity', { methods: GET, manners: openaiManners, serve: serveQueueActivity }],
])

const MODEL = '/v1/models/'

function placeOf(gateway: EndpointContext, path: string): Place | undefined {
  const endpoint = ENDPOINTS.get(path) ?? (path.startsWith(MODEL) ? modelEndpoint(path) : undefined)
  if (endpoint === undefined) return undefined
  const { methods, manners, open, serve } = endpoint
  const { errorBody, idHeaders } = manners
  return { methods, open, errorBody, idHeaders, serve: async (visit) => serve(gateway, visit) }
}

function modelEndpoint(path: string): Endpoint {
  return {
    methods: GET,
    manners: openaiManners,
    serve: (gateway, visit) => serveModels(gateway, visit, decoded(path.slice(MODEL.length))),
  }
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}

function nowhere(request: Request, path: string): Place {
  const manners = request.headers.has('anthropic-version') ? anthropicManners : openaiManners
  const { errorBody, idHeaders } = manners
  const serve = (): Promise<Response> => Promise.reject(notFound(request.method, path))
  return { methods: [request.method, 'GET'], open: true, errorBody, idHeaders, serve }
}
