import { createOrchestrator, defineTool, type EventBatch } from 'llm-switchyard'
import { createChatService } from 'llm-switchyard/conversations'
import { createChatHandler, type RunEnd } from 'llm-switchyard/http'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createFakeProvider, type FakeScript } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

const USAGE = { inputTokens: 5, outputTokens: 5 }
const TOTAL = { inputTokens: 10, outputTokens: 10, totalTokens: 20 }
const look = defineTool({ name: 'look', execute: () => 'seen' })

/** How a page's answer of two calls ends, by the second call. */
const SECOND: Readonly<Record<string, ReturnType<Extract<FakeScript, (...args: never) => unknown>>>> = {
  whole: { text: 'one two', usage: USAGE },
  refused: { error: 'server-failed' },
  cut: { text: 'one two three four', chaos: { type: 'cut', at: 'middle', by: 'reset' } },
}

/** What stands behind the handler: a chat service, or a loop of the application's own over calls of the orchestrator. */
const SOURCES = ['chat service', 'own loop'] as const

interface Page extends AsyncDisposable {
  readonly ends: RunEnd[]
  post(protocol: string, stream?: boolean): Promise<Response>
}

async function page(source: (typeof SOURCES)[number], second: string): Promise<Page> {
  const provider = await createFakeProvider({
    script: ({ toolResults }) =>
      toolResults.length === 0
        ? { toolCalls: [{ name: 'look', arguments: {} }], usage: USAGE }
        : (SECOND[second] ?? 'Hi'),
  })
  const orchestrator = createOrchestrator({
    providers: { openai: { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'none' } },
  })
  const chats = createChatService({
    orchestrator,
    store: createMemoryStore(),
    defaults: { model: 'openai/m' },
  })
  const ask = { role: 'user' as const, content: 'Hi' }
  const loop = async function* (signal: AbortSignal): AsyncGenerator<EventBatch> {
    const request = { model: 'openai/m', tools: [{ name: 'look' }], signal, stream: true as const }
    const first = await orchestrator.chatApiCall({ ...request, messages: [ask] })
    yield* first.batches()
    const { message } = await first.response
    const [call] = (await first.response).toolCalls
    const then = { role: 'tool' as const, toolCallId: call?.id ?? '', content: 'seen' }
    const next = await orchestrator.chatApiCall({ ...request, messages: [ask, message, then] })
    yield* next.batches()
  }
  const respond = (_input: unknown, { signal }: { readonly signal: AbortSignal }) =>
    source === 'own loop'
      ? { batches: () => loop(signal) }
      : chats.stream({ identity: { userId: 'ada' }, message: 'Hi', tools: [look], signal })
  const ends: RunEnd[] = []
  const onSave = (end: RunEnd): void => void ends.push(end)
  const handler = createChatHandler({ respond }, { authorize: 'open', basePath: '/c', onSave })
  const post = (protocol: string, stream = true): Promise<Response> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const body = JSON.stringify({ message: 'Hi', stream })
    return handler(new Request(`http://x/c?protocol=${protocol}`, { ...init, body }))
  }
  const close = async (): Promise<void> => {
    await handler.close()
    await chats.close()
    await orchestrator.close({ drainMs: 0 })
    await provider.close()
  }
  return { ends, post, [Symbol.asyncDispose]: close }
}

/** What tells a page that its answer is whole, and that it failed. */
const MARKS: Readonly<Record<string, readonly [whole: RegExp, failed: RegExp]>> = {
  sse: [/"type":"done"/g, /"type":"error"/g],
  'ui-message': [/"type":"finish"/g, /"type":"error"/g],
  ndjson: [/"type":"finish"/g, /"type":"error"/g],
}

describe.each(SOURCES)('an answer of two calls by %s', (source) => {
  for (const [protocol, [whole, failed]] of Object.entries(MARKS)) {
    test(`${protocol}: is whole once, with the usage of both`, async () => {
      await using it = await page(source, 'whole')
      const text = await (await it.post(protocol)).text()
      expect(text.match(whole)).toHaveLength(1)
      expect(text.match(failed)).toBeNull()
      expect(text).toContain('"totalTokens":20')
      expect(it.ends).toEqual([expect.objectContaining({ reason: 'finished', save: 'complete' })])
      expect(it.ends[0]?.usage).toMatchObject(TOTAL)
      expect(it.ends[0]?.response).toMatchObject({ text: 'one two', toolCalls: [{ name: 'look' }] })
    })

    test.each(['refused', 'cut'])(`${protocol}: is failed if the second is %s`, async (second) => {
      await using it = await page(source, second)
      const text = await (await it.post(protocol)).text()
      expect(text.match(whole)).toBeNull()
      expect(text.match(failed)).toHaveLength(1)
      if (protocol !== 'ndjson') expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
      expect(it.ends).toEqual([expect.objectContaining({ save: 'partial' })])
      expect(it.ends[0]?.error).toBeDefined()
      expect(it.ends[0]?.response.toolCalls).toMatchObject([{ name: 'look' }])
      expect(it.ends[0]?.usage.totalTokens).toBeGreaterThanOrEqual(10)
    })
  }

  test.each(['refused', 'cut'])('text: breaks if the second is %s', async (second) => {
    await using it = await page(source, second)
    const error = await (await it.post('text')).text().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
  })

  test.each<[string, number]>([
    ['whole', 200],
    ['refused', 502],
    ['cut', 502],
  ])('not streamed, the second %s: status %i', async (second, status) => {
    await using it = await page(source, second)
    const response = await it.post('sse', false)
    expect(response.status).toBe(status)
    const body: unknown = await response.json()
    if (status === 200) expect(body).toMatchObject({ text: 'one two', usage: TOTAL })
  })
})
