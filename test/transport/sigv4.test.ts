import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HttpRequest } from '../../src/core/wire.ts'
import { signRequest, type Signature } from '../../src/transport/sigv4.ts'
import { sized } from '../proof.ts'

const by: Signature = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
  service: 'bedrock',
  epochMs: Date.UTC(2026, 10, 21, 9, 8, 7, 654),
}

/** What the vendor's own signer makes of the same request. */
async function reference(request: HttpRequest, { epochMs, region, service, ...credentials }: Signature) {
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 })
  const { host, hostname, port, protocol, pathname, searchParams } = new URL(request.url)
  const query: Record<string, string[]> = {}
  for (const [name, value] of searchParams) (query[name] ??= []).push(value)
  const { headers } = await signer.sign(
    {
      method: request.method,
      protocol,
      hostname,
      ...(port === '' ? undefined : { port: Number(port) }),
      path: pathname,
      query,
      headers: { ...request.headers, host },
      body: request.body,
    },
    { signingDate: new Date(epochMs) },
  )
  return headers
}

async function compare(request: HttpRequest, signature: Signature): Promise<void> {
  const { host: _host, ...expected } = await reference(request, signature)
  expect((await signRequest(request, signature)).headers).toEqual(expected)
}

function post(url: string, body: string | undefined = '{}', headers = {}): HttpRequest {
  return { url, method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body }
}

const host = 'https://bedrock-runtime.us-east-1.amazonaws.com'

describe('a signature equals that of the vendor’s own signer', () => {
  const models = [
    'anthropic.claude-3-5-sonnet-20240620-v1:0',
    'us.meta.llama3-3-70b-instruct-v1:0',
    'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6',
    'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2c3d4e5f6',
    "odd model (v1)!*'~ü+&=,;@$",
  ]
  test.each(models)('model %s', async (model) => {
    for (const end of ['converse', 'converse-stream']) {
      await compare(post(`${host}/model/${encodeURIComponent(model)}/${end}`), by)
      await compare(post(`${host}/model/${encodeURIComponent(model)}/${end}`), {
        ...by,
        sessionToken: 'IQoJb3/+==',
      })
    }
  })

  test.each([
    ['a body of several alphabets', post(`${host}/model/m/converse`, '{"text":"grüße 你好 🙂 \\n"}')],
    ['no body', { url: `${host}/model/m/converse`, method: 'GET', headers: {} } satisfies HttpRequest],
    ['an own port', post('http://127.0.0.1:4566/model/m/converse')],
    ['the root', post(host)],
    ['slashes at the end and inside', post(`${host}/a//b/`)],
    ['white space in a header', post(`${host}/m`, '{}', { 'x-amz-meta': '  two   words ' })],
    ['a query', post(`${host}/m?b=2&a=1&a=0&c=&d=x%20y%2Fz`)],
  ])('%s', async (_name, request) => {
    await compare(request, by)
  })

  test('any path, body, credentials and time', async () => {
    const path = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { maxLength: 5 })
    const secret = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 60 })
    const token = fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{1,200}$/), { nil: undefined })
    const epochMs = fc.integer({ min: 0, max: Date.UTC(2100, 0) })
    const region = fc.constantFrom('us-east-1', 'eu-west-3', 'us-gov-west-1', 'cn-north-1')
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.string({ unit: 'binary' }),
        secret,
        token,
        epochMs,
        region,
        async (...values) => {
          const [segments, body, secretAccessKey, sessionToken, time, place] = values
          // A lone surrogate is no text, and no path segment can be a dot or two.
          fc.pre(segments.every((segment) => segment.isWellFormed() && !/^\.{1,2}$/.test(segment)))
          const url = `${host}/model/${segments.map(encodeURIComponent).join('/')}`
          const signature = { ...by, secretAccessKey, sessionToken, epochMs: time, region: place }
          await compare(post(url, body.toWellFormed()), signature)
        },
      ),
      { numRuns: sized(60, 400) },
    )
    // Thousands of tasks on the thread pool: seconds on a quiet machine, many more on a busy one.
  }, 180_000)
})

test('other headers are kept, not signed; an old signature is replaced', async () => {
  const request = post(`${host}/m`, '{}', { accept: '*/*', 'x-my-team': 'blue', authorization: 'AWS4 old' })
  const { headers } = await signRequest(request, by)
  expect(headers).toMatchObject({ accept: '*/*', 'x-my-team': 'blue', 'x-amz-date': '20261121T090807Z' })
  expect(headers['authorization']).toContain(
    'SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,',
  )
  const bare = await signRequest(post(`${host}/m`), by)
  expect(headers['authorization']).toBe(bare.headers['authorization'])
})

test('every part of what is signed changes the signature', async () => {
  const request = post(`${host}/model/m/converse`)
  const signatureOf = async (changed: HttpRequest, signature = by) =>
    (await signRequest(changed, signature)).headers['authorization']
  const all = [
    await signatureOf(request),
    await signatureOf({ ...request, url: `${host}/model/n/converse` }),
    await signatureOf({ ...request, url: `${host}/model/m/converse?a=1` }),
    await signatureOf({ ...request, body: '{ }' }),
    await signatureOf({ ...request, method: 'GET' }),
    await signatureOf({ ...request, headers: { 'content-type': 'text/plain' } }),
    await signatureOf(request, { ...by, secretAccessKey: 'other' }),
    await signatureOf(request, { ...by, sessionToken: 'other' }),
    await signatureOf(request, { ...by, region: 'eu-west-1' }),
    await signatureOf(request, { ...by, service: 'other' }),
    await signatureOf(request, { ...by, epochMs: by.epochMs + 1_000 }),
  ]
  expect(new Set(all).size).toBe(all.length)
})
