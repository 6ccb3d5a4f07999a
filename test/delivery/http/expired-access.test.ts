import { createChatHandler } from 'llm-switchyard/http'
import { createFakeClock } from 'llm-switchyard/testing'
import { expect, onTestFinished, test } from 'vitest'
import { host } from '../../conversations/chat-host.ts'
import { gateway } from './gateway.ts'

const turn = { role: 'user', content: 'Hi' }
const endpoints = {
  '/v1/chat/completions': { model: 'openai/m', messages: [turn] },
  '/v1/responses': { model: 'openai/m', input: 'Hi' },
  '/v1/messages': { model: 'openai/m', max_tokens: 50, messages: [turn] },
}
const told = 'the access has expired: sign in again'
const slow = { text: 'one two', pacing: { firstMs: 20, betweenMs: 60_000 } }
const silent = { text: 'one two', pacing: { firstMs: 60_000 } }

test.each(
  Object.entries(endpoints).flatMap(([path, body]) =>
    [
      ['a whole answer', { ...body, stream: false }, silent, 401],
      ['a stream before its content', { ...body, stream: true }, silent, 401],
      ['a stream', { ...body, stream: true }, slow, 200],
    ].map((row) => [path, ...row] as const),
  ),
)(
  '%s: the access runs out in %s, and the client is told that and no more',
  async (path, _what, body, script, status) => {
    const clock = createFakeClock()
    await using here = await gateway({
      clock,
      script: script as typeof slow,
      authorize: () => ({ userId: 'ada', expiresAtMs: clock.epochMs() + 5_000 }),
      heartbeatMs: 0,
      startAfterMs: 0,
    })
    const replying = here.post(String(path), body)
    await expect.poll(() => here.fake.log.length).toBe(1)
    if (status === 200) await replying
    clock.advance(5_000)
    const reply = await replying
    const text = await reply.text()
    expect([reply.status, text.includes(told)]).toEqual([status, true])
    for (const secret of ['apiKey', 'was refused', 'openai (m)']) expect(text).not.toContain(secret)
  },
)

test.each(['cancel', 'finish'] as const)(
  'a whole answer of a chat page is a 401 then, with onClientGone: %s',
  async (onClientGone) => {
    const clock = createFakeClock()
    const it = await host({ script: silent })
    const handler = createChatHandler(it.chats, {
      clock,
      onClientGone,
      authorize: () => ({ userId: 'ada', expiresAtMs: clock.epochMs() + 5_000 }),
    })
    onTestFinished(async () => {
      await handler.close({ drainMs: 0 })
      await it[Symbol.asyncDispose]()
    })
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ message: 'Hi', stream: false })
    const replying = handler(new Request('http://h/api/chat', { method: 'POST', headers, body }))
    await expect.poll(() => it.provider.log.length).toBe(1)
    await clock.advanceAsync(5_000)
    const reply = await replying
    expect([reply.status, await reply.text()]).toEqual([401, expect.stringContaining(told)])
  },
)
