import type { http, HttpHandler } from 'msw'
import { LlmError } from '../core/error.ts'
import { fakeFetch, type FakeFetch } from './fake-fetch.ts'
import type { FakeOptions } from './responder.ts'
import type { FakeScript } from './script.ts'
import { wires } from './wires/index.ts'

/** The part of the msw module that is used: `import * as msw from 'msw'`. */
export interface Msw {
  readonly http: typeof http
}

export interface MswHandlersOptions extends FakeOptions {
  /** Base URLs to answer for, beside those of the built-in providers. */
  readonly baseUrls?: readonly string[] | undefined
  /** The msw module, if it cannot be imported by its name. Default: imported when this is called. */
  readonly msw?: Msw | undefined
}

/**
 * Creates msw handlers that answer at the real hosts of every built-in provider whose wire format the fake speaks. Other
 * paths of those hosts are left to other handlers. Pass a `fakeFetch` instead of a script to read its `log`. Rejects with
 * `misconfigured` if msw is not installed.
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
    const message = 'mswHandlers needs msw, which is not installed; run npm install --save-dev msw'
    throw new LlmError('misconfigured', message, { cause })
  }
}

// For msw a thrown error is a failed handler, and a response of type error is a network failure.
async function answer(fake: FakeFetch, request: Request): Promise<Response> {
  try {
    const { status, headers, body } = await fake(request)
    // Without chunked framing a body ends with the connection, so a broken connection would look like the end.
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
    // Origins, because SDKs may use another API version. Placeholders (region, account) become wildcards.
    baseUrl !== undefined && spoken.has(dialect.id) ? [new URL(baseUrl).origin.replace(/\{\w+\}/g, '*')] : [],
  )
}
