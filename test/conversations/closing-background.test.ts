import { describe, expect, test } from 'vitest'
import { ada as identity, host, type Hosted } from './chat-host.ts'

/** A network on which the calls for titles and summaries are answered only when `open` is called. */
function gated(hears: boolean): { fetch: typeof fetch; asked: Promise<void>; open: () => void } {
  const asked = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const network: typeof fetch = async (url, init) => {
    const { signal, body } = init ?? {}
    if (typeof body !== 'string' || !/title|summar/i.test(body)) return fetch(url, init)
    asked.resolve()
    const left = new Promise<never>((_resolve, reject) => {
      if (hears) signal?.addEventListener('abort', () => reject(signal.reason as Error))
    })
    await Promise.race([gate.promise, left])
    return fetch(url, { ...init, signal: null })
  }
  return { fetch: network, asked: asked.promise, open: () => gate.resolve() }
}

async function titledBy(it: Hosted, conversationId: string): Promise<readonly unknown[]> {
  const conversation = await it.store.conversations.get(conversationId)
  const { items } = await it.store.summaries.list(conversationId, {})
  return [conversation?.title, conversation?.summary, items.length]
}

const services = {
  'a title': { autoTitle: true },
  'a summary': { summary: { everyMessages: 2 } },
} as const

describe.each(Object.entries(services))('%s that is being made when the service closes', (_what, service) => {
  test.each([
    ['with a network that hears the signal', true],
    ['with one that does not', false],
  ])('ends with it, leaves no slot, and is never written: %s', async (_how, hears) => {
    const gate = gated(hears)
    await using it = await host({
      orchestrator: { fetch: gate.fetch, queue: { concurrency: 2 } },
      service,
    })
    const { conversationId } = await it.chats.send({ identity, message: 'first' })
    await gate.asked
    await it.chats.close({ drainMs: 0 })
    const before = await titledBy(it, conversationId)
    expect(before).toEqual([undefined, undefined, 0])
    await expect
      .poll(() => it.orchestrator.stats())
      .toMatchObject({ active: 0, queue: { running: 0, pending: 0 } })
    gate.open()
    await it.orchestrator.close()
    expect(await titledBy(it, conversationId)).toEqual(before)
  })

  test('is waited for while it may take, and written before the service has closed', async () => {
    const gate = gated(true)
    await using it = await host({ orchestrator: { fetch: gate.fetch }, service })
    const { conversationId } = await it.chats.send({ identity, message: 'first' })
    await gate.asked
    const closed = it.chats.close({ drainMs: 60_000 })
    gate.open()
    await closed
    expect((await titledBy(it, conversationId)).slice(0, 2)).toContainEqual(expect.stringContaining('Hello'))
  })
})
