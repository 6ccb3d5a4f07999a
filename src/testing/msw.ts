import { LlmError } from '../core/error.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { kind, listOf, matching, withMethods, type Group } from '../core/schema.ts'
import { fakeFetch, type FakeFetch } from './fake-fetch.ts'
import { fakeRows, type FakeOptions } from './responder.ts'
import type { FakeScript } from './script.ts'
import { wires } from './wires/index.ts'

/** The part of msw that is used: `import * as msw from 'msw'` has it. Declared here so that it compiles without msw. */
export interface Msw {
  readonly http: {
    all(path: string, resolver: (info: MswRequest) => Promise<Response | undefined>): unknown
  }
}

interface MswRequest {
  readonly request: Request
}

export interface MswHandlersOptions extends FakeOptions {
  /** Base URLs to answer for, beside those of the built-in providers. */
  readonly baseUrls?: readonly string[] | undefined
  /** The msw module, if it cannot be imported by its name. Default: imported when this is called. */
  readonly msw?: Msw | undefined
}

/** The schema of {@link MswHandlersOptions}. */
export const mswSchema: Group = optionsSchema<MswHandlersOptions>()(() => ({
  ...fakeRows(),
  baseUrls: listOf(matching(/^https?:\/\/\S+$/, 'an http(s) URL')),
  msw: kind('the msw module', (value) => withMethods('all').fits((value as Msw | null | undefined)?.http)),
}))

/**
 * Handlers for msw that answer at the real hosts of all built-in providers whose wire format the fake speaks. What they
 * do not know (other paths of those hosts) is left to your other handlers. Pass a `fakeFetch` in place of a script to
 * read its `log`. Rejects with `misconfigured` if msw is not installed or an option is invalid. Their
 * type is `never`, so that they fit every version of msw without its types.
 *
 * ```ts
 * const server = setupServer(...(await mswHandlers('Hello!')))
 * server.listen({ onUnhandledFrame: 'error' })
 * ```
 */
export async function mswHandlers(
  script: FakeScript | FakeFetch,
  options: MswHandlersOptions = {},
): Promise<never[]> {
  checkOptions('mswHandlers', mswSchema, options)
  const msw = options.msw ?? (await loadMsw())
  const { keys, models, unknownFields, clock } = options
  const fake = isFakeFetch(script) ? script : fakeFetch(script, { keys, models, unknownFields, clock })
  const places = new Set([...(await builtInUrls()), ...(options.baseUrls ?? [])])
  const handlers = [...places].map((place) =>
    msw.http.all(`${place.replace(/\/$/, '')}/*`, async ({ request }) =>
      fake.knows(request) ? answer(fake, request) : undefined,
    ),
  )
  return handlers as never[]
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
