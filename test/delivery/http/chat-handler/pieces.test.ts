import { describe, expect, onTestFinished, test } from 'vitest'
import { createFakeClock, type FakeClock } from 'llm-switchyard/testing'
import { createChatHandler, type ChatHandlerOptions } from '../../../../src/delivery/http/index.ts'
import { createUpstream, finish, start, text, type Upstream } from '../../runs/sources.ts'
import { post } from './served.ts'

const url = 'http://any/api/chat'

interface Opened {
  readonly clock: FakeClock
  readonly upstream: Upstream
  /** The contents of the frames so far. */
  readonly contents: () => string[]
  readonly whole: Promise<string>
}

async function open(options: Partial<ChatHandlerOptions>): Promise<Opened> {
  const clock = createFakeClock()
  const upstream = createUpstream()
  const handler = createChatHandler(
    { respond: (_input, { signal }) => upstream.open(signal) },
    { authorize: 'open', clock, heartbeatMs: 0, ...options },
  )
  onTestFinished(() => handler.close())
  const response = await handler(post(url, { message: 'Hi' }))
  let body = ''
  const read = async (): Promise<string> => {
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) body += piece
    return body
  }
  const contents = (): string[] =>
    [...body.matchAll(/"type":"content","content":"([^"]*)"/g)].map(([, content = '']) => content)
  return { clock, upstream, contents, whole: read() }
}

describe('pieces of text', () => {
  test('are gathered by time and by size, in order, with what is no text at once', async () => {
    const { clock, upstream, contents, whole } = await open({ coalesce: { intervalMs: 50, maxChars: 10 } })
    upstream.push(start)
    for (const piece of ['a', 'b', 'c']) upstream.push(text(piece))
    await clock.advanceAsync(49)
    expect(contents()).toEqual([])
    await clock.advanceAsync(1)
    expect(contents()).toEqual(['abc'])
    upstream.push(text('0123456789'))
    await clock.advanceAsync(0)
    expect(contents()).toEqual(['abc', '0123456789'])
    upstream.push(text('d'))
    upstream.push({ type: 'tool-result', id: 't', name: 'get', result: 1 })
    await clock.advanceAsync(0)
    expect(contents().at(-1)).toBe('d')
    upstream.push(text('e'))
    upstream.push(finish)
    upstream.end()
    expect(await whole).toMatch(/"e"[^]*"done"[^]*\[DONE\]\n\n$/)
    expect(contents().join('')).toBe('abc0123456789de')
  })

  test('that are gathered come before the error that follows', async () => {
    const { clock, upstream, contents, whole } = await open({ coalesce: {} })
    upstream.push(text('half'))
    await clock.advanceAsync(0)
    upstream.fail(new Error('oops'))
    expect(await whole).toContain('"type":"error"')
    expect(contents()).toEqual(['half'])
  })

  test('are gathered without holding a stop back', async () => {
    const { clock, upstream, whole, contents } = await open({ coalesce: {}, idleMs: 10 })
    upstream.push(text('half'))
    await clock.advanceAsync(10)
    expect(await whole).toContain('"code":"timeout"')
    expect(contents()).toEqual(['half'])
  })

  test('go out one by one at a pace', async () => {
    const { clock, upstream, contents, whole } = await open({ paceMs: 50 })
    for (const piece of ['a', 'b', 'c']) upstream.push(text(piece))
    upstream.push(finish)
    upstream.end()
    await clock.advanceAsync(0)
    expect(contents()).toEqual(['a'])
    await clock.advanceAsync(50)
    expect(contents()).toEqual(['a', 'b'])
    await clock.advanceAsync(150)
    expect(await whole).toContain('[DONE]')
    expect(contents()).toEqual(['a', 'b', 'c'])
  })
})
