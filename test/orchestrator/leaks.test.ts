import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { chatApiCall, type Transport } from 'llm-switchyard'
import { runChild } from '../children.ts'
import { chunk, DONE, text } from '../loopback.ts'
import { patience } from '../patience.ts'
import { sized } from '../proof.ts'

const CALLS = sized(600, 10_000)
// Time enough for the first content, also on a busy machine.
const TOTAL_MS = 1_000 * patience
const messages = [{ role: 'user' as const, content: 'Hi' }]
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)

function transportOf(...pieces: string[]): Transport {
  return {
    send: async () => {
      let at = 0
      const read = async (): Promise<Uint8Array | null> =>
        at < pieces.length ? bytes(pieces[at++] as string) : null
      return { status: 200, header: () => 'text/event-stream', body: { read, cancel: () => undefined } }
    },
  }
}

describe('nothing is left behind', () => {
  test(`${CALLS} calls on one signal leave no listener`, async () => {
    const { signal } = new AbortController()
    const transport = transportOf(text('Hi'), chunk({}, 'stop'), DONE)
    let most = 0
    for (let turn = 0; turn < CALLS; turn++) {
      const stream = await chatApiCall({
        provider: 'openai',
        model: 'm',
        apiKey: 'k',
        messages,
        signal,
        transport,
        stream: true,
      })
      most = Math.max(most, getEventListeners(signal, 'abort').length)
      if (turn % 3 === 0) for await (const event of stream) if (event.type === 'text-delta') break
      if (turn % 3 === 1) await stream.response
      if (turn % 3 === 2) stream.cancel()
    }
    expect(most).toBeLessThanOrEqual(1)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('no failure is an unhandled rejection, also when nobody reads stream.response', async () => {
    const cases = `
      import { chatApiCall } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
      const bytes = (value) => new TextEncoder().encode(value)
      const text = 'data: {"choices":[{"delta":{"content":"Hi"}}]}\\n\\n'
      const transportOf = (pieces, fail) => ({ send: async () => {
        let at = 0
        const read = async () => { if (at < pieces.length) return bytes(pieces[at++]); if (fail) throw new Error('reset'); return null }
        return { status: 200, header: () => 'text/event-stream', body: { read, cancel: () => undefined } }
      } })
      const messages = [{ role: 'user', content: 'Hi' }]
      const call = (transport, extra) => chatApiCall({ provider: 'openai', model: 'm', apiKey: 'k', messages, transport, stream: true, ...extra })
      const forgotten = await call(transportOf([text]), { timeouts: { totalMs: ${TOTAL_MS} } })
      const touched = await call(transportOf([text])); touched.response
      const broken = await call(transportOf([text], true)); broken.response
      const read = await call(transportOf([text], true))
      try { for await (const event of read) void event } catch (error) { console.log(error.kind) }
      const left = await call(transportOf([text, text])); left.response
      for await (const event of left) break
      const cancelled = await call(transportOf([text])); cancelled.response; cancelled.cancel()
      const error = await call(transportOf(['data: {"error":{"message":"no"}}\\n\\n'])).catch((error) => error); console.log(error.kind)
      await new Promise((resolve) => setTimeout(resolve, ${TOTAL_MS + 100}))
      console.log('end')
    `
    const { code, output } = await runChild('node', [
      '--unhandled-rejections=strict',
      '--input-type=module',
      '--eval',
      cases,
    ])
    expect({ code, output: output.trim().split('\n') }).toEqual({
      code: 0,
      output: ['stream-broken', 'server-failed', 'end'],
    })
  })
})
