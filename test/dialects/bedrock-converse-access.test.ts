import { inspect } from 'node:util'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { chatApiCall, createOrchestrator, LlmError, type ChatRequest } from 'llm-switchyard'
import { type HttpRequest } from 'llm-switchyard/adapter'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { urlOf } from './shapes.ts'

const credentials = {
  accessKeyId: 'AKIDEXAMPLE0000000',
  secretAccessKey: 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLETOKEN==',
}
const NAMES = [
  'AWS_BEARER_TOKEN_BEDROCK',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
]
const answer =
  '{"output":{"message":{"role":"assistant","content":[{"text":"Hi."}]}},"stopReason":"end_turn"}'

beforeEach(() => {
  for (const name of NAMES) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** The request that a call sends, and its error where the provider's answer is one. */
async function sent(request: Partial<ChatRequest>, status = 200, body = answer) {
  let wire: HttpRequest | undefined
  const transport = {
    send: async (seen: HttpRequest) => {
      wire = seen
      const pieces = [new TextEncoder().encode(body)]
      return {
        status,
        header: () => undefined,
        body: { read: async () => pieces.shift() ?? null, cancel: () => undefined },
      }
    },
  }
  const call = { provider: 'bedrock', model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', transport }
  const messages = [{ role: 'user' as const, content: 'Hello!' }]
  const error = await chatApiCall({ ...call, messages, ...request }).then(
    () => undefined,
    (failure: unknown) => failure,
  )
  return { wire, error }
}

function authorization(wire: HttpRequest | undefined): string | undefined {
  return wire?.headers['authorization']
}

describe('how a request proves who sends it', () => {
  test('by a signature that equals the vendor’s own signer’s', async () => {
    const { wire, error } = await sent({ credentials, variables: { region: 'eu-west-1' } })
    expect(error).toBeUndefined()
    const { url, headers, body } = wire as HttpRequest
    const { hostname, host, pathname } = new URL(url)
    expect(host).toBe('bedrock-runtime.eu-west-1.amazonaws.com')
    expect(pathname).toBe('/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse')
    const signer = new SignatureV4({ credentials, region: 'eu-west-1', service: 'bedrock', sha256: Sha256 })
    const time = (headers['x-amz-date'] ?? '').replace(
      /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/,
      '$1-$2-$3T$4:$5:$6Z',
    )
    const expected = await signer.sign(
      {
        method: 'POST',
        protocol: 'https:',
        hostname,
        path: pathname,
        headers: { host, 'content-type': 'application/json' },
        body,
      },
      { signingDate: new Date(time) },
    )
    expect(authorization(wire)).toBe(expected.headers['authorization'])
    expect(headers['x-amz-security-token']).toBe(credentials.sessionToken)
  })

  test.each<[string, Record<string, string>, Partial<ChatRequest>, RegExp]>([
    [
      'a key that is given',
      { AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SECRET_ACCESS_KEY: 's' },
      { apiKey: 'given', credentials },
      /^Bearer given$/,
    ],
    ['a key from a function', {}, { apiKey: async () => 'asked' }, /^Bearer asked$/],
    [
      'credentials before a key of the environment',
      { AWS_BEARER_TOKEN_BEDROCK: 'env-key' },
      { credentials },
      /Credential=AKIDEXAMPLE0000000\//,
    ],
    [
      'credentials from a function',
      {},
      { credentials: async () => credentials },
      /Credential=AKIDEXAMPLE0000000\//,
    ],
    [
      'a key of the environment',
      { AWS_BEARER_TOKEN_BEDROCK: 'env-key', AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SECRET_ACCESS_KEY: 's' },
      {},
      /^Bearer env-key$/,
    ],
    [
      'credentials of the environment',
      { AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SECRET_ACCESS_KEY: 's' },
      {},
      /Credential=AKIDENV\/\d{8}\/us-west-2\/bedrock\/aws4_request/,
    ],
    [
      'a header of the caller’s own',
      { AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SECRET_ACCESS_KEY: 's' },
      { headers: { Authorization: 'Mine' } },
      /^Mine$/,
    ],
  ])('%s', async (_name, env, request, expected) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    expect(authorization((await sent(request)).wire)).toMatch(expected)
  })

  test('a session token of the environment goes along', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDENV')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 's')
    vi.stubEnv('AWS_SESSION_TOKEN', 'token')
    const { wire } = await sent({})
    expect(wire?.headers['x-amz-security-token']).toBe('token')
    expect(authorization(wire)).toContain('x-amz-security-token')
  })

  test('credentials and region of a host’s configuration', async () => {
    const { wire } = await sent({})
    expect(wire).toBeUndefined()
    let url = ''
    const orchestrator = createOrchestrator({
      providers: { bedrock: { credentials, variables: { region: 'ap-south-1' } } },
      fetch: async (seen) => {
        url = urlOf(seen)
        return new Response(answer, { headers: { 'content-type': 'application/json' } })
      },
    })
    const call = { provider: 'bedrock', model: 'm', messages: [{ role: 'user' as const, content: 'Hello!' }] }
    expect((await orchestrator.chatApiCall(call)).text).toBe('Hi.')
    expect(url).toBe('https://bedrock-runtime.ap-south-1.amazonaws.com/model/m/converse')
    await orchestrator.chatApiCall({ ...call, variables: { region: 'sa-east-1' } })
    expect(url).toContain('.sa-east-1.')
    await orchestrator.close()
  })

  test('the chat completions of the same host are signed too', async () => {
    const reply =
      '{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}]}'
    const { wire, error } = await sent(
      { api: 'openai', model: 'openai.gpt-oss-20b-1:0', credentials, maxTokens: 9 },
      200,
      reply,
    )
    expect(error).toBeUndefined()
    expect(wire?.url).toBe('https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1/chat/completions')
    expect(JSON.parse(wire?.body ?? '')).toMatchObject({ model: 'openai.gpt-oss-20b-1:0', max_tokens: 9 })
    expect(authorization(wire)).toMatch(/^AWS4-HMAC-SHA256 /)
  })
})

describe('the region', () => {
  test.each<[Record<string, string>, Partial<ChatRequest>, string]>([
    [{}, {}, 'us-west-2'],
    [{ AWS_DEFAULT_REGION: 'eu-north-1' }, {}, 'eu-north-1'],
    [{ AWS_REGION: 'eu-west-3', AWS_DEFAULT_REGION: 'eu-north-1' }, {}, 'eu-west-3'],
    [{ AWS_REGION: ' ' }, {}, 'us-west-2'],
    [{ AWS_REGION: 'eu-west-3' }, { variables: { region: 'ca-central-1' } }, 'ca-central-1'],
    [
      {},
      { variables: { region: 'cn-north-1' }, baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com.cn/' },
      'cn-north-1',
    ],
  ])('%j and %j: %s', async (env, request, region) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    const { wire } = await sent({ credentials, ...request })
    expect(wire?.url).toMatch(
      new RegExp(`^https://bedrock-runtime\\.${region}\\.amazonaws\\.com(\\.cn)?/model/`),
    )
    expect(authorization(wire)).toContain(`/${region}/bedrock/aws4_request`)
  })

  test.each(['evil.test/#', 'a b', 'x?y', 'ü', '@host'])(
    '%s is refused: it would change the address',
    async (region) => {
      const { wire, error } = await sent({ apiKey: 'k', variables: { region } })
      expect(wire).toBeUndefined()
      expect(LlmError.is(error, 'misconfigured') && error.message).toContain('"region"')
    },
  )
})

describe('what is missing or wrong is said before anything is sent', () => {
  test.each<[string, Record<string, string>, Partial<ChatRequest>, RegExp]>([
    [
      'nothing at all',
      {},
      {},
      /AWS_BEARER_TOKEN_BEDROCK.*AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.*credentials.*apiKey/,
    ],
    ['half of the credentials', { AWS_ACCESS_KEY_ID: 'AKIDENV' }, {}, /has no API key/],
    [
      'empty credentials',
      {},
      { credentials: { accessKeyId: 'a', secretAccessKey: ' ' } },
      /lack accessKeyId or secretAccessKey/,
    ],
    [
      'a function that gives none',
      {},
      { credentials: (async () => undefined) as never },
      /lack accessKeyId|has no API key/,
    ],
    [
      'a function that fails',
      {},
      { credentials: async () => Promise.reject(new Error('no profile')) },
      /credentials function failed: no profile/,
    ],
    [
      'a line break in a token',
      {},
      { credentials: { ...credentials, sessionToken: 'a\nb' } },
      /sessionToken.*line breaks/,
    ],
    ['credentials of a wrong type', {}, { credentials: 'AKID:secret' as never }, /credentials/],
  ])('%s', async (_name, env, request, expected) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    const { wire, error } = await sent(request)
    expect(wire).toBeUndefined()
    expect(LlmError.is(error) && error.message).toMatch(expected)
  })

  test('a variable without a value names its environment', async () => {
    const { bedrock } = await import('../../src/providers/bedrock.ts')
    const place = {
      ...bedrock,
      baseUrl: 'https://{project}.test/v1',
      variables: { project: { env: ['MY_PROJECT'] } },
    }
    const orchestrator = createOrchestrator({ providers: { place: { ...place, id: 'place' } } })
    const call = {
      provider: 'place',
      model: 'm',
      apiKey: 'k',
      messages: [{ role: 'user' as const, content: 'Hi' }],
    }
    const error: unknown = await orchestrator.chatApiCall(call).catch((failure: unknown) => failure)
    expect(LlmError.is(error, 'misconfigured') && error.message).toMatch(
      /"project".*variables: \{ project.*MY_PROJECT/,
    )
  })
})

test('no error shows a secret, even where the provider repeats it', async () => {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const echo = `The Canonical String should have been 'x-amz-security-token:${sessionToken}' for ${accessKeyId} ${secretAccessKey}`
  const { error } = await sent({ credentials }, 403, JSON.stringify({ message: echo }))
  expect(LlmError.is(error, 'unauthorized')).toBe(true)
  const shown = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)} ${String(error)}`
  expect(shown).toContain('Canonical String')
  for (const secret of Object.values(credentials)) expect(shown).not.toContain(secret)
})
