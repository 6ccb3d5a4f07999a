import type { http, HttpHandler } from 'msw'
import { LlmError } from '../core/error.ts'
import { fakeFetch, type FakeFetch } from './fake-fetch.ts'
import type { FakeOptions } from './responder.ts'
import type { FakeScript } from './script.ts'
import { wires } from './wires/index.ts'

/** What is used of msw: `import * as msw from 'msw'` has it. */
export interface Msw {
  readonly http: typeof http
}

export interface MswHandlersOptions extends FakeOptions {
  /** Base URLs to answer for besides those of the built-in providers. */
  readonly baseUrls?: readonly string[] | undefined
  /** The msw module, where it cannot be found by its name. Default: loaded when this is called. */
  readonly msw?: Msw | undefined
}

/**
 * Handlers for msw that answer at the real hosts of all built-in providers whose wire format the fake speaks. What they
 * do not know (other paths of those hosts) is left to your other handlers. Pass a `fakeFetch` in place of a script to
 * read its `log`. Rejects with `misconfigured` where msw is not installed.
 *
 * ```ts
 * const server = setupServer(...(await mswHandlers('Hello!')))
 * server.listen({ onUnhandledFrame: 'error' })
 * ```
 */
export async function mswHandlers(
  script: FakeScript | FakeFetch,
  options: MswHandlersOptions = {},
): Promise<HttpHandler[]> {
  const msw = options.msw ?? (await loadMsw())
  const fake = isFakeFetch(script) ? script : fakeFetch(script, options)
  const places = new Set([...(await builtInUrls()), ...(options.baseUrls ?? [])])
  return [...places].map((place) =>
    msw.http.all(`${place.replace(/\/$/, '')}/*`, async ({ request }) =>
      fake.knows(request) ? answer(fake, request) : undefined,
    ),
  )
}

async function loadMsw(): Promise<Msw> {
  try {
    return await import('msw')
  } catch (cause) {
    const message = 'mswHandlers needs msw, which is not installed: npm install --save-dev msw'
    throw new LlmError('misconfigured', message, { cause })
  }
}

// msw takes a thrown error for a failure of the handler, and a response of type error for one of the network.
async function answer(fake: FakeFetch, request: Request): Promise<Response> {
  try {
    const { status, headers, body } = await fake(request)
    // Without a framing of its own a body ends wherever the connection does: a break would pass for the end.
    headers.set('transfer-encoding', 'chunked')
    return new Response(body, { status, headers })
  } catch {
    return Response.error()
  }
}

function isFakeFetch(script: FakeScript | FakeFetch): script is FakeFetch {
  return typeof script === 'function' && 'log' in script
}

async function builtInUrls(): Promise<string[]> {
  const { catalogue } = await import('../providers/index.ts')
  const spoken = new Set(wires.map(({ dialect }) => dialect))
  return catalogue.flatMap(({ dialect, baseUrl }) =>
    // Whole hosts: SDKs may use another version of the API than we do. Those of every region, account and the like.
    baseUrl !== undefined && spoken.has(dialect.id) ? [new URL(baseUrl).origin.replace(/\{\w+\}/g, '*')] : [],
  )
}
