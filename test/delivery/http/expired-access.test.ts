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

interface Row {
  readonly path: string
  readonly what: string
  readonly stream: boolean
  readonly body: object
  readonly script: typeof silent | typeof slow
  readonly status: number
}

const rows = Object.entries(endpoints).flatMap(([path, body]): Row[] => [
  { path, what: 'a whole answer', stream: false, body, script: silent, status: 401 },
  { path, what: 'a stream before its content', stream: true, body, script: silent, status: 401 },
  { path, what: 'a stream', stream: true, body, script: slow, status: 200 },
])

test.each(rows)(
  '$path: the access runs out in $what, and the client is told that and no more',
  async ({ path, stream, body, script, status }) => {
    const clock = createFakeClock()
    await using here = await gateway({
      clock,
      script,
      authorize: () => ({ userId: 'ada', expiresAtMs: clock.epochMs() + 5_000 }),
      heartbeatMs: 0,
      startAfterMs: 0,
    })
    const replying = here.post(path, { ...body, stream })
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
