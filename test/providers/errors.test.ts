import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { catalogue, chatApiCall, LlmError, type Transport } from 'llm-switchyard'
import { fakeFetch } from 'llm-switchyard/testing'
import { anyVariables } from './sent.ts'
import { own } from './voices.ts'
import { usual, type Happening, type Voice } from './wire-voices.ts'

const KINDS: Readonly<Record<Happening, string>> = {
  tooLong: 'context-too-long',
  badKey: 'unauthorized',
  noCredit: 'quota-exhausted',
  forbidden: 'unauthorized',
  noModel: 'not-found',
  tooFast: 'rate-limited',
  broken: 'server-failed',
  busy: 'overloaded',
}

// No shape of a key that is known by its beginning: it has to be kept out because it was given.
const KEY = 'plain words 4711 of a key'

/** A transport that answers as told, and puts the key it was sent into the answer, as careless servers do. */
function answering({ status, headers = {}, body }: Voice): Transport {
  return {
    send: async (request) => {
      const said = typeof body === 'string' ? body : JSON.stringify(body)
      const sent = Object.values(request.headers).join(' ').replaceAll('"', '')
      const text = said.replace(/"(message|error|detail|msg)":"/, (field) => `${field}(${sent}) `)
      let bytes: Uint8Array | null = new TextEncoder().encode(text)
      const read = async (): Promise<Uint8Array | null> => {
        const piece = bytes
        bytes = null
        return piece
      }
      return { status, header: (name) => headers[name], body: { read, cancel: () => undefined } }
    },
  }
}

const messages = [{ role: 'user' as const, content: 'Hi' }]

async function failure(provider: string, transport: Transport, stream = false): Promise<LlmError> {
  const baseUrl = provider === 'openai-compatible' ? 'http://here.test/v1' : undefined
  const request = {
    provider,
    model: 'nope',
    apiKey: KEY,
    baseUrl,
    variables: anyVariables,
    messages,
    transport,
    stream,
  }
  const error: unknown = await chatApiCall(request).catch((caught: unknown) => caught)
  if (LlmError.is(error)) return error
  throw new Error('the call did not fail')
}

describe.each(catalogue.map(({ id, dialect }) => [id, dialect.id] as const))('%s', (provider, dialect) => {
  const voices = { ...usual[dialect], ...own[provider] } as Readonly<Record<Happening, Voice>>

  test.each(Object.entries(KINDS) as [Happening, string][])('%s is %s', async (happening, kind) => {
    for (const stream of [false, true]) {
      const error = await failure(provider, answering(voices[happening]), stream)
      expect({ kind: error.kind, status: error.status, provider: error.provider }).toEqual({
        kind,
        status: voices[happening].status,
        provider,
      })
      for (const shown of [
        error.message,
        String(error),
        JSON.stringify(error),
        inspect(error),
        error.stack ?? '',
      ])
        expect(shown).not.toContain('plain words')
    }
  })

  test('402, 529 and other 5xx without words', async () => {
    const kinds: Readonly<Record<number, string>> = {
      402: 'quota-exhausted',
      500: 'server-failed',
      502: 'server-failed',
      503: 'overloaded',
      504: 'timeout',
      529: 'overloaded',
    }
    for (const [status, kind] of Object.entries(kinds))
      expect((await failure(provider, answering({ status: Number(status), body: '' }))).kind).toBe(kind)
  })

  test('429 with each form of Retry-After', async () => {
    const { status, headers, body } = voices.tooFast
    const wait = async (more: Readonly<Record<string, string>>): Promise<number | undefined> =>
      (await failure(provider, answering({ status, body, headers: { ...headers, ...more } }))).retryAfterMs
    const bare = await wait({})
    const [, told] = /try again in ([\d.]+)s/.exec(JSON.stringify(body)) ?? []
    const inWords = told === undefined ? undefined : Number(told) * 1_000
    expect(bare).toBe(dialect === 'gemini' ? 7_000 : inWords)
    if (dialect === 'gemini') return
    expect(await wait({ 'retry-after': '7' })).toBe(7_000)
    expect(await wait({ 'retry-after': '1.5' })).toBe(1_500)
    expect(await wait({ 'retry-after-ms': '250', 'retry-after': '7' })).toBe(250)
    const soon = await wait({ 'retry-after': new Date(Date.now() + 90_000).toUTCString() })
    expect(soon).toBeGreaterThan(60_000)
    expect(soon).toBeLessThanOrEqual(90_000)
  })

  test('an error inside a stream has the kind of the error, and the answer so far', async () => {
    const fetch = fakeFetch(
      {
        text: ['one ', 'two ', 'three ', 'four'],
        chaos: { type: 'error', at: 'middle', error: 'overloaded' },
      },
      { unknownFields: 'ignore' },
    )
    const baseUrl = provider === 'openai-compatible' ? 'http://here.test/v1' : undefined
    // The fake knows the header of a format's own vendor.
    const headers = { authorization: 'Bearer key' }
    const request = {
      provider,
      model: 'nope',
      apiKey: 'key',
      baseUrl,
      variables: anyVariables,
      headers,
      messages,
      fetch,
    }
    const stream = await chatApiCall({ ...request, stream: true })
    const error: unknown = await stream.response.catch((caught: unknown) => caught)
    if (!LlmError.is(error)) throw new Error('the stream did not fail')
    expect([error.kind, error.provider, error.partial?.text]).toEqual(['overloaded', provider, 'one two '])
  })
})
