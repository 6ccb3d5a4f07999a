import { isObject } from '../../core/json.ts'
import { checkOptions } from '../../core/options.ts'
import { group, kind, required } from '../../core/schema.ts'
import type { Orchestrator } from '../../orchestrator/index.ts'
import { serveChat } from './chat-endpoint.ts'
import { serveEmbeddings } from './embeddings-endpoint.ts'
import type { EndpointContext } from './endpoint-context.ts'
import {
  checkCredentials,
  createGuards,
  MAX_PICTURE_BYTES,
  notFound,
  type Guards,
  type GuardedEndpoint,
  type GuardedRequest,
} from './guards/index.ts'
import { openaiHandlerSchema, type OpenAIHandlerOptions } from './handler-options.ts'
import { ModelNames } from './model-names.ts'
import { serveModels } from './models-endpoint.ts'
import { serveHealth, serveHealthDetails, serveQueueActivity, serveQueueStatus } from './status-endpoint.ts'
import {
  anthropicErrors,
  chatCompletionsProtocol,
  messagesProtocol,
  openaiErrors,
  responsesProtocol,
  type ErrorFormat,
} from './chat-protocols.ts'
import { serveTokenCount } from './token-count-endpoint.ts'

/**
 * Creates a web-standard handler that serves OpenAI's and Anthropic's endpoints: `/v1/chat/completions`,
 * `/v1/responses`, `/v1/embeddings`, `/v1/models`, `/v1/messages`, and `/health` and `/queue` beside them. The handler
 * never rejects. Throws `misconfigured` naming the wrong option; `authorize` is required.
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
  checkOptions('createOpenAIHandler', argumentsSchema, { orchestrator })
  checkOptions('createOpenAIHandler', openaiHandlerSchema, options)
  checkCredentials('createOpenAIHandler', options.cors)
  const guards = createGuards(options)
  const { basePath = '' } = options
  const context = { orchestrator, options, names: new ModelNames(orchestrator.registry, options) }
  const base = basePath.replace(/\/+$/, '')
  return (request) => route(guards, context, { request, base })
}

const argumentsSchema = group(() => ({
  orchestrator: required(kind('an orchestrator, such as createOrchestrator returns', isOrchestrator)),
}))

function isOrchestrator(value: unknown): boolean {
  return isObject(value) && typeof value['chatApiCall'] === 'function' && isObject(value['registry'])
}

interface Incoming {
  readonly request: Request
  readonly base: string
}

function route(guards: Guards, context: EndpointContext, { request, base }: Incoming): Promise<Response> {
  const { pathname } = new URL(request.url)
  const inside = base === '' || pathname === base || pathname.startsWith(`${base}/`)
  const path = inside ? pathname.slice(base.length).replace(/(?<=.)\/+$/, '') : undefined
  const found = path === undefined ? undefined : guardedEndpoint(context, path)
  return guards.handle(request, found ?? unknownEndpoint(request, pathname))
}

type Serve = (context: EndpointContext, guarded: GuardedRequest) => Response | Promise<Response>

const POST: readonly string[] = ['POST']
const GET: readonly string[] = ['GET']

interface Endpoint {
  readonly methods: readonly string[]
  readonly errors: ErrorFormat
  readonly open?: boolean
  readonly maxBodyBytes?: number
  readonly serve: Serve
}

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  [
    '/v1/chat/completions',
    {
      methods: POST,
      errors: openaiErrors,
      maxBodyBytes: MAX_PICTURE_BYTES,
      serve: (context, guarded) =>
        serveChat(context, guarded, { name: 'chat-completions', protocol: chatCompletionsProtocol }),
    },
  ],
  [
    '/v1/responses',
    {
      methods: POST,
      errors: openaiErrors,
      maxBodyBytes: MAX_PICTURE_BYTES,
      serve: (context, guarded) =>
        serveChat(context, guarded, { name: 'responses', protocol: responsesProtocol }),
    },
  ],
  [
    '/v1/messages',
    {
      methods: POST,
      errors: anthropicErrors,
      maxBodyBytes: MAX_PICTURE_BYTES,
      serve: (context, guarded) =>
        serveChat(context, guarded, { name: 'messages', protocol: messagesProtocol }),
    },
  ],
  [
    '/v1/messages/count_tokens',
    { methods: POST, errors: anthropicErrors, maxBodyBytes: MAX_PICTURE_BYTES, serve: serveTokenCount },
  ],
  ['/v1/embeddings', { methods: POST, errors: openaiErrors, serve: serveEmbeddings }],
  [
    '/v1/models',
    {
      methods: GET,
      errors: openaiErrors,
      serve: (context, guarded) => serveModels(context, guarded, undefined),
    },
  ],
  ['/health', { methods: GET, errors: openaiErrors, open: true, serve: serveHealth }],
  ['/health/details', { methods: GET, errors: openaiErrors, serve: serveHealthDetails }],
  ['/queue/status', { methods: GET, errors: openaiErrors, serve: serveQueueStatus }],
  ['/queue/activity', { methods: GET, errors: openaiErrors, serve: serveQueueActivity }],
])

const MODEL = '/v1/models/'

function guardedEndpoint(context: EndpointContext, path: string): GuardedEndpoint | undefined {
  const endpoint = ENDPOINTS.get(path) ?? (path.startsWith(MODEL) ? modelEndpoint(path) : undefined)
  if (endpoint === undefined) return undefined
  const { methods, errors, open, maxBodyBytes, serve } = endpoint
  const { errorBody, idHeaders } = errors
  return {
    methods,
    open,
    errorBody,
    idHeaders,
    maxBodyBytes,
    serve: async (guarded) => serve(context, guarded),
  }
}

function modelEndpoint(path: string): Endpoint {
  return {
    methods: GET,
    errors: openaiErrors,
    serve: (context, guarded) => serveModels(context, guarded, decoded(path.slice(MODEL.length))),
  }
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}

function unknownEndpoint(request: Request, path: string): GuardedEndpoint {
  const errors = request.headers.has('anthropic-version') ? anthropicErrors : openaiErrors
  const { errorBody, idHeaders } = errors
  const serve = (): Promise<Response> => Promise.reject(notFound(request.method, path))
  return { methods: [request.method, 'GET'], open: true, errorBody, idHeaders, serve }
}
