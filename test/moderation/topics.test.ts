import { describe, expect, it } from 'vitest'
import { createOrchestrator } from 'llm-switchyard'
import {
  createJsonlSink,
  createTopicMonitor,
  createWebhookSink,
  type TopicAlert,
  type Watchlist,
} from 'llm-switchyard/moderation'
import { createFakeClock, createFakeProvider } from 'llm-switchyard/testing'

const lists: readonly Watchlist[] = [
  {
    id: 'everyone',
    scope: 'global',
    rules: [{ pattern: '/launch\\s+date/', category: 'secret', severity: 'critical', note: 'ask legal' }],
  },
  { id: 'ann', scope: 'user', scopeId: 'ann', rules: [{ pattern: 'Salary' }] },
  { id: 'sales', scope: 'team', scopeId: 'sales', rules: [{ pattern: 'discount', severity: 'info' }] },
  { id: 'acme', scope: 'org', scopeId: 'acme', rules: [{ pattern: 'merger', severity: 'critical' }] },
  { id: 'off', scope: 'global', enabled: false, rules: [{ pattern: 'hello' }] },
]

describe('topics', () => {
  it('are found by scope, with a snippet', async () => {
    const monitor = createTopicMonitor({ watchlists: lists })
    const text = `${'x '.repeat(300)}the LAUNCH  date, my salary, a discount, the merger, hello${' y'.repeat(300)}`
    const ids = async (subject: object) =>
      (await monitor.observe(text, 'chat.input', subject)).map(({ watchlist }) => watchlist)
    expect(await ids({ userId: 'bob' })).toEqual(['everyone'])
    expect(await ids({ userId: 'ann', teamId: 'sales', orgId: 'acme' })).toEqual([
      'everyone',
      'ann',
      'sales',
      'acme',
    ])
    const [alert] = await monitor.observe(text, 'chat.output', { userId: 'bob' })
    expect(alert).toMatchObject({
      source: 'chat.output',
      scope: 'global',
      category: 'secret',
      severity: 'critical',
      note: 'ask legal',
      userId: 'bob',
    })
    expect(alert?.snippet).toHaveLength(200)
    expect(alert?.snippet).toContain('LAUNCH  date')
  })

  it('are raised once in 300 s, per user, list, pattern and source', async () => {
    const clock = createFakeClock()
    const monitor = createTopicMonitor({ watchlists: lists, clock })
    const count = async (userId: string, source: 'chat.input' | 'chat.output' = 'chat.input') =>
      (await monitor.observe('launch date', source, { userId })).length
    expect([await count('a'), await count('a'), await count('b'), await count('a', 'chat.output')]).toEqual([
      1, 0, 1, 1,
    ])
    clock.advance(299_000)
    expect(await count('a')).toBe(0)
    clock.advance(2_000)
    expect(await count('a')).toBe(1)
    expect(await Promise.all([count('c'), count('c')])).toEqual([1, 0])
  })

  it('go to sinks from their severity on, and a failing sink does not stop the others', async () => {
    const lines: string[] = []
    const all: TopicAlert[] = []
    const posts: { url: string; body: string }[] = []
    const errors: unknown[] = []
    const fetch = ((url: string, init: { body: string }) => {
      posts.push({ url, body: init.body })
      return Promise.resolve(new Response(null, { status: posts.length > 1 ? 500 : 204 }))
    }) as never
    const monitor = createTopicMonitor({
      watchlists: (subject) =>
        Promise.resolve(lists.filter(({ scope }) => scope === 'global' || subject.teamId !== undefined)),
      sinks: [
        { notify: () => Promise.reject(new Error('down')) },
        createJsonlSink((line) => void lines.push(line)),
        createWebhookSink({ url: 'https://hooks.example/x', fetch }),
        { minimumSeverity: 'info', notify: (alert) => void all.push(alert) },
      ],
      onError: (error) => errors.push(error),
    })
    await monitor.observe('launch date, discount', 'chat.input', { userId: 'a', teamId: 'sales' })
    expect(lines.map((line) => (JSON.parse(line) as TopicAlert).watchlist)).toEqual(['everyone'])
    expect(posts.map(({ body }) => (JSON.parse(body) as TopicAlert).severity)).toEqual(['critical'])
    expect(all.map(({ severity }) => severity)).toEqual(['critical', 'info'])
    expect(errors).toHaveLength(1)
    await monitor.observe('launch date', 'chat.input', { userId: 'b' })
    expect(errors).toHaveLength(3)
  })

  it('with a pattern that is refused, or lists that cannot be read, raise no alert and no fault', async () => {
    const errors: unknown[] = []
    const bad = createTopicMonitor({
      watchlists: [{ id: 'x', scope: 'global', rules: [{ pattern: '/(a)\\1/' }, { pattern: 'b' }] }],
      onError: (error) => errors.push(error),
    })
    expect(await bad.observe('aa b', 'chat.input', {})).toHaveLength(1)
    const broken = createTopicMonitor({
      watchlists: () => Promise.reject(new Error('down')),
      onError: (error) => errors.push(error),
    })
    expect(await broken.observe('aa b', 'chat.input', {})).toEqual([])
    expect(errors).toHaveLength(2)
  })

  it('are watched without moderation, and before moderation if it is on', async () => {
    for (const moderation of [undefined, { rules: 'launch date -> redact' }]) {
      await using provider = await createFakeProvider({
        script: { text: 'the launch date is near', chunks: 5 },
      })
      const seen: TopicAlert[] = []
      const topics = createTopicMonitor({
        watchlists: lists,
        sinks: [{ notify: (alert) => void seen.push(alert) }],
      })
      const orchestrator = createOrchestrator({
        topics,
        moderation,
        providers: { openai: { apiKey: 'k', baseUrl: provider.baseUrl('openai-chat') } },
      })
      const stream = await orchestrator.chatApiCall({
        model: 'openai/m',
        stream: true,
        userId: 'u',
        tags: { org: 'acme' },
        messages: [{ role: 'user', content: 'about the merger' }],
      })
      await stream.response
      await topics.idle()
      expect(seen.map(({ watchlist, source, userId }) => [watchlist, source, userId])).toEqual([
        ['acme', 'chat.input', 'u'],
        ['everyone', 'chat.output', 'u'],
      ])
      await orchestrator.close()
    }
  })
})
