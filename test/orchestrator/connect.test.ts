import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { chatApiCall, type Transport } from 'llm-switchyard'
import { createUndiciTransport } from 'llm-switchyard/undici'
import { startChild } from '../children.ts'
import { serve } from '../loopback.ts'
import { patience } from '../patience.ts'
import { stopwatch } from '../proof.ts'

const messages = [{ role: 'user' as const, content: 'Hi' }]
// A connection on the loopback takes longer than this on no machine that gets anything done.
const CONNECT_MS = 400 * patience
const reply = {
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
}

describe.each<[string, () => Transport | undefined]>([
  ['fetch', () => undefined],
  ['undici', () => createUndiciTransport()],
])('connectMs on %s', (_name, makeTransport) => {
  test('does not end a slow answer', async () => {
    await using server = await serve((_request, response) => {
      setTimeout(
        () => response.setHeader('content-type', 'application/json').end(JSON.stringify(reply)),
        3 * CONNECT_MS,
      )
    })
    const transport = makeTransport()
    const request = {
      provider: 'openai',
      model: 'm',
      apiKey: 'k',
      messages,
      transport,
      timeouts: { connectMs: CONNECT_MS },
    }
    const response = await chatApiCall({ ...request, baseUrl: `${server.url}/v1` })
    expect(response.text).toBe('Hi')
    await transport?.close?.()
  })

  test('ends a connection that is never accepted', async ({ skip }) => {
    if (process.platform !== 'linux') skip('a full accept queue drops connections on Linux only')
    await using full = await fullAcceptQueue()
    const transport = makeTransport()
    const request = {
      provider: 'openai',
      model: 'm',
      apiKey: 'k',
      messages,
      transport,
      timeouts: { connectMs: CONNECT_MS, totalMs: 60_000 },
    }
    const took = stopwatch()
    await expect(
      chatApiCall({ ...request, baseUrl: `http://127.0.0.1:${full.port}/v1` }),
    ).rejects.toMatchObject({
      kind: 'timeout',
      phase: 'connect',
    })
    took.atMost(2_000)
    await transport?.close?.()
  })

  test('a refused connection says so', async () => {
    await using server = await serve(() => undefined)
    const { url } = server
    await server[Symbol.asyncDispose]()
    const transport = makeTransport()
    await expect(
      chatApiCall({ provider: 'openai', model: 'm', apiKey: 'k', baseUrl: `${url}/v1`, messages, transport }),
    ).rejects.toMatchObject({
      kind: 'network',
      message: expect.stringContaining('refused') as string,
    })
    await transport?.close?.()
  })
})

describe('redirects', () => {
  test('to another origin are refused, and no key goes there', async () => {
    let reached = false
    await using other = await serve((_request, response) => {
      reached = true
      response.end('{}')
    })
    await using server = await serve((_request, response) =>
      response.writeHead(307, { location: `${other.url}/v1` }).end(),
    )
    const call = chatApiCall({
      provider: 'openai',
      model: 'm',
      apiKey: 'k',
      baseUrl: `${server.url}/v1`,
      messages,
    })
    await expect(call).rejects.toMatchObject({
      kind: 'misconfigured',
      message: expect.stringContaining(other.url) as string,
    })
    expect(reached).toBe(false)
  })

  test('inside one origin are followed', async () => {
    await using server = await serve((request, response) => {
      if (request.url === '/v1/chat/completions')
        response.writeHead(308, { location: '/v2/chat/completions' }).end()
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(reply))
    })
    const response = await chatApiCall({
      provider: 'openai',
      model: 'm',
      apiKey: 'k',
      baseUrl: `${server.url}/v1`,
      messages,
    })
    expect(response.text).toBe('Hi')
  })
})

/** A listening process that is stopped, with its accept queue full: the next connection is never made. */
async function fullAcceptQueue(): Promise<AsyncDisposable & { readonly port: number }> {
  const script = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port) })`
  const child = startChild('node', ['--eval', script])
  const port = await new Promise<number>((resolve) =>
    child.stdout.once('data', (piece: Buffer) => resolve(Number(piece.toString()))),
  )
  child.kill('SIGSTOP')
  const sockets = Array.from({ length: 6 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  await new Promise((resolve) => setTimeout(resolve, 150))
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      child.kill('SIGKILL')
    },
  }
}
