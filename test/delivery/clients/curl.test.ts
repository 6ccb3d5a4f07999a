import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { outputOf, startChild } from '../../children.ts'
import { until } from '../../patience.ts'
import { leavesAtOnce, sharedGateway } from './served.ts'

const gateway = sharedGateway()
const chat = (url: string, body: object): string[] => [
  '-sSN',
  `${url}/v1/chat/completions`,
  '-H',
  'content-type: application/json',
  '-d',
  JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hi' }], ...body }),
]

describe('curl', () => {
  test('a whole answer over HTTP/1.1 and HTTP/1.0', async () => {
    const { url } = gateway('Hello there')
    for (const version of ['--http1.1', '--http1.0']) {
      const stdout = await outputOf('curl', [version, ...chat(url, {})])
      expect(JSON.parse(stdout)).toMatchObject({ choices: [{ message: { content: 'Hello there' } }] })
    }
  })

  test('a stream over HTTP/1.1 and HTTP/1.0, which ends with the connection', async () => {
    const { url } = gateway('Hello there')
    for (const version of ['--http1.1', '--http1.0']) {
      const stdout = await outputOf('curl', ['-i', version, ...chat(url, { stream: true })])
      const [head = '', body = ''] = stdout.split('\r\n\r\n')
      expect(head.toLowerCase()).toContain('content-type: text/event-stream')
      expect(head.toLowerCase()).toContain('cache-control: no-cache')
      expect(head.toLowerCase()).toContain('x-accel-buffering: no')
      expect(head.toLowerCase()).toContain(
        version === '--http1.1' ? 'connection: keep-alive' : 'connection: close',
      )
      expect(body.match(/data: \[DONE\]/g)).toHaveLength(1)
      expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
    }
  })

  test('HEAD gives the head alone', async () => {
    const { url } = gateway('')
    const stdout = await outputOf('curl', ['-sSI', `${url}/v1/models`])
    expect(stdout).toMatch(/^HTTP\/1\.1 200/)
    expect(stdout.split('\r\n\r\n')[1]).toBe('')
  })

  test('a form in place of JSON is told what to send', async () => {
    const { url } = gateway('')
    const args = ['-sS', '-w', '\n%{http_code}', `${url}/v1/chat/completions`, '-d', '{"model":"fast"}']
    const stdout = await outputOf('curl', args)
    expect(stdout).toMatch(/content-type: application\/json.*\n415$/s)
  })

  test('killed in mid-stream, it takes the upstream with it', async () => {
    const served = gateway({ text: 'one two three', pacing: { firstMs: 10, betweenMs: 5_000 } })
    const child = startChild('curl', chat(served.url, { stream: true }))
    await once(child.stdout, 'data')
    await until(() => (served.log()[0]?.bytesSent ?? 0) > 0)
    await leavesAtOnce(served, () => child.kill('SIGKILL'))
  })
})
