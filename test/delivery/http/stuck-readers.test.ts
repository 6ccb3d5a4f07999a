import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { bundle } from '../../bundle.ts'
import { forkChild } from '../../children.ts'
import { chunk, DONE, serve, SSE, text } from '../../loopback.ts'
import { sized, stopwatch } from '../../proof.ts'

const READERS = sized(40, 200)
// What the upstream has for each of them: twice as much goes out of the gateway, where nothing holds it back.
const OFFERED_BYTES = 2 * 1024 * 1024
// What a stream may hold while its reader is stuck: buffers on either side and a batch on its way, the answer so far
// (bounded by `stream.maxBytes`; some 75 KiB here) included.
const MAX_HELD_BYTES = 1024 * 1024

interface Figures {
  readonly held: number
  readonly rss: number
  readonly active: number
}

async function watched(upstream: string, path: string) {
  const execArgv = ['--expose-gc', '--unhandled-rejections=strict']
  const script = await bundle(join(import.meta.dirname, 'watched-gateway.ts'))
  const child = forkChild(script, [upstream, path], { execArgv })
  const next = <T>(): Promise<T> =>
    new Promise((resolve) => child.once('message', (said) => resolve(said as T)))
  const { port } = await next<{ port: number }>()
  const figures = (): Promise<Figures> => {
    const answer = next<Figures>()
    child.send({})
    return answer
  }
  return { port, figures, exitCode: () => child.exitCode, [Symbol.dispose]: () => void child.kill() }
}

const body = (content: string): string =>
  JSON.stringify({ model: 'openai/m', stream: true, messages: [{ role: 'user', content }] })

/** A client that asks and never reads. */
function stuckReader(path: string): Socket {
  const asked = body('endless')
  const socket = connect(path)
  socket.on('error', () => undefined).pause()
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${asked.length}\r\n\r\n${asked}`,
  )
  return socket
}

describe('readers that stop reading', () => {
  test(`${READERS} of them hold a bounded number of bytes each, and block nobody`, async () => {
    const piece = text(' word').repeat(50)
    await using upstream = await serve((request, response) => {
      let sent = ''
      request.setEncoding('utf8').on('data', (part: string) => (sent += part))
      request.on('end', () => {
        response.writeHead(200, SSE)
        if (!sent.includes('endless')) return void response.end(text('Hello') + chunk({}, 'stop') + DONE)
        let left = OFFERED_BYTES
        const pour = (): void => {
          while (!response.destroyed && left > 0) {
            left -= piece.length
            if (!response.write(piece)) return void response.once('drain', pour)
          }
        }
        pour()
      })
    })
    const folder = await mkdtemp(join(tmpdir(), 'stuck-'))
    const path = join(folder, 'gateway.sock')
    using gateway = await watched(upstream.url, path)
    const url = `http://127.0.0.1:${gateway.port}/v1/chat/completions`
    const ask = async (): Promise<string> => {
      const headers = { 'content-type': 'application/json' }
      return (await fetch(url, { method: 'POST', headers, body: body('short') })).text()
    }
    for (let turn = 0; turn < 20; turn++) await ask()
    const before = await gateway.figures()
    const sockets = Array.from({ length: READERS }, () => stuckReader(path))
    let during = await gateway.figures()
    for (let last = 0; during.active < READERS || Math.abs(during.held - last) > last / 50;) {
      last = during.held
      await sleep(200)
      during = await gateway.figures()
    }
    const took = stopwatch()
    expect(await ask()).toContain('Hello')
    took.atMost(2_000)
    const perStream = (during.held - before.held) / READERS
    console.log(
      `${Math.round(perStream / 1024)} KiB held per stuck reader, ${Math.round((during.rss - before.rss) / 1024 / READERS)} KiB of resident set`,
    )
    expect(during.active).toBe(READERS)
    expect(perStream).toBeLessThan(MAX_HELD_BYTES)
    for (const socket of sockets) socket.destroy()
    while ((await gateway.figures()).active > 0) await sleep(20)
    expect(await ask()).toContain('Hello')
    expect(gateway.exitCode()).toBe(null)
    await rm(folder, { recursive: true })
  })
})
