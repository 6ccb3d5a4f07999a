import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { chatApiCall, createOrchestrator, LlmError, type ChatRequest } from 'llm-switchyard'
import { createUndiciTransport } from 'llm-switchyard/undici'

const KEY = 'zq9-Very$ecret/Key+42=='
const TENANT = 'ten-ant-sec-ret-77'
const messages = [{ role: 'user' as const, content: 'Hi' }]

/** Everything that an application may print of an error. */
function told(error: unknown): string {
  return [String(error), JSON.stringify(error), inspect(error, { depth: 9, showHidden: true })].join('\n')
}

const refusing =
  (message: string, status = 401): typeof fetch =>
  async () =>
    new Response(JSON.stringify({ error: { message, code: 'refused' } }), {
      status,
      headers: { 'content-type': 'application/json' },
    })

async function failureOf(
  request: Partial<ChatRequest> & { readonly fetch?: typeof fetch },
): Promise<LlmError> {
  const { fetch, ...rest } = request
  await using orchestrator = createOrchestrator({
    ...(fetch && { fetch }),
    providers: { openai: { apiKey: KEY, headers: { 'X-Tenant-Secret': TENANT, 'x-app-version': 'v1.2.3' } } },
  })
  const error: unknown = await orchestrator
    .chatApiCall({ model: 'openai/m', messages, ...rest })
    .then(() => undefined)
    .catch((failed: unknown) => failed)
  if (!LlmError.is(error)) throw new Error(`no LlmError: ${String(error)}`)
  return error
}

describe('an error holds no secret that a provider repeats', () => {
  const forms: readonly [string, string][] = [
    ['plain', KEY],
    ['escaped in JSON', KEY.replaceAll('/', String.raw`\/`)],
    ['encoded in a URL', encodeURIComponent(KEY)],
    ['base64', btoa(KEY)],
    ['a header of the options', TENANT],
    ['a header of the call', 'own-value-of-call-9'],
    ['the token of a header', 'dXNlcjpwYXNz'],
    ['a query of the base URL', 'sig-hunter2'],
  ]

  test.each(forms)('%s', async (_form, secret) => {
    const given = {
      baseUrl: 'https://llm.example/v1?sig=sig-hunter2',
      headers: { 'x-own': 'own-value-of-call-9', 'proxy-authorization': 'Basic dXNlcjpwYXNz' },
    }
    for (const fetch of [
      refusing(`refused: ${secret} v1.2.3`),
      refusing(`refused: ${secret} v1.2.3`, 500),
      (() => Promise.reject(new Error(`proxy said v1.2.3 ${secret}`))) as typeof globalThis.fetch,
      (() => {
        const cause = Object.assign(new Error(`v1.2.3 ${secret}`), { config: { headers: { a: secret } } })
        throw new TypeError('fetch failed', { cause })
      }) as typeof globalThis.fetch,
    ]) {
      const error = await failureOf({ ...given, fetch })
      expect(told(error)).not.toContain(secret)
      expect(told(error)).toContain('v1.2.3')
    }
  })

  test('a cause without a secret stays as it is', async () => {
    const cause = new Error('socket closed')
    const error = await failureOf({ fetch: () => Promise.reject(cause) })
    expect(error.cause).toBe(cause)
  })
})

describe.each([
  ['fetch', undefined],
  ['undici', createUndiciTransport],
] as const)('what no request can carry is misconfigured, over %s', (_name, create) => {
  test.each<[string, Partial<ChatRequest>, string]>([
    ['a login', { baseUrl: 'http://alice:hunter2secret@127.0.0.1:1/v1' }, 'user name or password'],
    ['a password alone', { baseUrl: 'http://:hunter2secret@127.0.0.1:1/v1' }, 'user name or password'],
    ['a line break', { headers: { 'x-a': 'hunter2secret\r\nx-b: c' } }, 'header "x-a"'],
    ['a control character', { headers: { 'x-a': 'hunter2secret\u0000' } }, 'header "x-a"'],
    ['a letter of another alphabet', { headers: { 'x-a': 'hunter2secretключ' } }, 'header "x-a"'],
    ['a line break in a name', { headers: { 'x a\n': 'hunter2secret' } }, 'header "x a'],
  ])('%s', async (_what, request, part) => {
    const transport = create?.()
    await using orchestrator = createOrchestrator(transport === undefined ? {} : { transport })
    for (const stream of [false, true]) {
      const error: unknown = await orchestrator
        .chatApiCall({ model: 'openai/m', apiKey: 'k', messages, ...request, stream })
        .then(() => undefined)
        .catch((failed: unknown) => failed)
      expect(error).toMatchObject({ kind: 'misconfigured' })
      expect(told(error)).toContain(part)
      expect(told(error)).not.toContain('hunter2secret')
    }
    await transport?.close()
  })
})

test('a base URL that is none is refused without its login', async () => {
  const error = await failureOf({ baseUrl: 'http://alice:hunter2secret@bad host/v1' })
  expect(told(error)).not.toContain('hunter2secret')
})

test('a message holds no control characters of the provider', async () => {
  const said = 'bad\u001b[31m red\u0000\r\nERROR forged line\u202e\u2028 end'
  const error = await failureOf({ fetch: refusing(said, 400) })
  expect(error.message).toMatch(/bad \[31m red ERROR forged line\s+end$/)
  const streamed = (async () =>
    new Response(`data: ${JSON.stringify({ error: { message: said } })}\n\n`, {
      headers: { 'content-type': 'text/event-stream' },
    })) as typeof fetch
  const inStream: unknown = await chatApiCall({
    model: 'openai/m',
    apiKey: 'k',
    messages,
    stream: true,
    fetch: streamed,
  }).catch((failed: unknown) => failed)
  expect((inStream as Error).message).toMatch(/bad \[31m red ERROR forged line\s+end$/)
})
