import type { ChatStore, ChatStoreUnit } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import {
  createMemoryPersonaStore,
  createPersonaLibrary,
  createPromptComposer,
  definePersona,
} from 'llm-switchyard/prompts'
import { describe, expect, test } from 'vitest'
import { ada, host, keptTurns, sentTurns } from './chat-host.ts'

const identity = ada

/** A store that records the calls of its methods. */
function traced(store: ChatStore, trace: string[], lead = ''): ChatStore {
  const unitOf = (unit: ChatStoreUnit, at: string): ChatStoreUnit => {
    const groups = Object.entries(unit).map(([group, methods]) => {
      if (typeof methods !== 'object') return [group, methods] as const
      const recorded = Object.entries(methods as Record<string, (...args: never[]) => unknown>).map(
        ([name, method]) => {
          const call = (...args: never[]): unknown => {
            const [, given] = args as unknown[]
            const roles = Array.isArray(given)
              ? given.map(({ role }: { role?: string }) => ` ${role}`).join('')
              : ''
            trace.push(`${at}${group}.${name}${name === 'append' ? roles : ''}`)
            return method(...args)
          }
          return [name, call] as const
        },
      )
      return [group, Object.fromEntries(recorded)] as const
    })
    return Object.fromEntries(groups) as never
  }
  return {
    ...store,
    ...unitOf(store, lead),
    transaction: async (work, call) => {
      trace.push('begin')
      const result = await store.transaction((unit) => work(unitOf(unit, '  ')), call)
      trace.push('commit')
      return result
    },
  }
}

describe('the life of a turn', () => {
  test('guard, persona, history; limits, queue; the user’s turn; the call; the answer with its figures; audit', async () => {
    const trace: string[] = []
    const store = traced(createMemoryStore(), trace)
    await using it = await host({
      store,
      script: () => {
        trace.push('call')
        return 'Hello.'
      },
      orchestrator: {
        limits: { user: { requestsPerMinute: 100 } },
        queue: { concurrency: 1 },
        onEvent: (event) => {
          if (event.type === 'limit') trace.push(`limit ${event.event.type}`)
          if (event.type === 'queue') trace.push(`queue ${event.event.type}`)
        },
      },
      service: {
        access: {
          allow: ({ operation }) => {
            trace.push(`guard ${operation}`)
            return true
          },
        },
        persona: (name) => {
          trace.push('persona')
          return { name }
        },
        audit: { sink: ({ result }) => void trace.push(`audit ${result}`) },
      },
    })
    const { id: conversationId } = await it.chats.create({ identity })
    trace.length = 0
    await it.chats.send({ identity, conversationId, message: 'Hi', persona: 'Eve', requestId: 'r1' })
    await it.chats.settled()
    const steps = trace.filter((step) => !/settle|release|started|finished/.test(step))
    expect(steps.filter((step) => !/^(limit|queue) /.test(step))).toEqual([
      'conversations.get',
      'guard send',
      'messages.findByRequest',
      'persona',
      'messages.history',
      'begin',
      '  messages.append user',
      'commit',
      'call',
      'begin',
      '  messages.append assistant',
      // Whether the user message still counts.
      '  messages.get',
      '  usage.add',
      'commit',
      'audit success',
    ])
    const admitted = trace.findIndex((step) => step.startsWith('queue'))
    expect(admitted).toBeGreaterThan(trace.indexOf('messages.history'))
    expect(admitted).toBeLessThan(trace.indexOf('  messages.append user'))
  })
})

describe('a turn that is refused leaves nothing behind', () => {
  test('by the queue: no turn, no conversation', async () => {
    await using it = await host({
      script: { text: 'Hello.', pacing: { firstMs: 60 } },
      orchestrator: { queue: { concurrency: 1, maxPending: 1 } },
    })
    const { id: conversationId } = await it.chats.create({ identity })
    const sends = ['one', 'two', 'three', 'four'].map((message) =>
      it.chats.send({ identity, conversationId, message }),
    )
    const fresh = it.chats.send({ identity, message: 'five' })
    const ends = await Promise.allSettled([...sends, fresh])
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
    expect(refused.length).toBeGreaterThanOrEqual(2)
    for (const error of refused) expect(error).toMatchObject({ kind: 'queue-full' })
    const turns = await keptTurns(it.store, conversationId)
    expect(turns).toHaveLength(2 * ends.slice(0, 4).filter(({ status }) => status === 'fulfilled').length)
    const { data } = await it.chats.list({ identity })
    expect(data).toHaveLength(ends[4]?.status === 'fulfilled' ? 2 : 1)
  })

  test('by a limit', async () => {
    await using it = await host({ orchestrator: { limits: { user: { requestsPerMinute: 1, burst: 1 } } } })
    const { conversationId } = await it.chats.send({ identity, message: 'one' })
    const sent = it.chats.send({ identity, conversationId, message: 'two', requestId: 'r2' })
    await expect(sent).rejects.toMatchObject({ kind: 'limit-exceeded', scope: 'user' })
    await expect(it.chats.send({ identity, message: 'three' })).rejects.toMatchObject({
      kind: 'limit-exceeded',
    })
    expect(await keptTurns(it.store, conversationId)).toHaveLength(2)
    expect((await it.chats.list({ identity })).data).toHaveLength(1)
    expect((await it.chats.usage({ identity })).calls).toBe(1)
  })

  test('by an open breaker', async () => {
    await using it = await host({
      script: { error: 'server-failed' },
      orchestrator: { breaker: { failures: 1, openMs: 60_000 } },
    })
    await expect(it.chats.send({ identity, message: 'one' })).rejects.toMatchObject({ kind: 'server-failed' })
    const before = await it.chats.list({ identity })
    await expect(it.chats.send({ identity, message: 'two' })).rejects.toMatchObject({ kind: 'breaker-open' })
    expect(await it.chats.list({ identity })).toEqual(before)
  })

  test('by its own abort, while it waits', async () => {
    await using it = await host({
      script: { text: 'Hello.', pacing: { firstMs: 60 } },
      orchestrator: { queue: { concurrency: 1 } },
    })
    const first = it.chats.send({ identity, message: 'one' })
    const controller = new AbortController()
    const second = it.chats.send({ identity, message: 'two', signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    await expect(second).rejects.toMatchObject({ kind: 'aborted' })
    await first
    expect((await it.chats.list({ identity })).data).toHaveLength(1)
  })

  test('and if the user message cannot be stored, nothing is sent', async () => {
    const store = createMemoryStore()
    await using it = await host({ store })
    const { id: conversationId } = await it.chats.create({ identity })
    const failing = { ...store, transaction: () => Promise.reject(new Error('disk full')) }
    await using broken = await host({ store: failing })
    await expect(broken.chats.send({ identity, conversationId, message: 'Hi' })).rejects.toThrow('disk full')
    expect(broken.provider.log).toHaveLength(0)
  })
})

describe('what moderation takes out', () => {
  const rules = [
    { pattern: 'hunter2', action: 'redact' as const, replacement: '[gone]' },
    { pattern: 'bomb', action: 'block' as const },
  ]

  test('is not kept either: of the question, of the answer, whole and streamed', async () => {
    await using it = await host({
      script: 'Your password is hunter2.',
      orchestrator: { moderation: { rules } },
    })
    const request = { identity, message: 'It is hunter2', context: ['Passage.'] }
    const whole = await it.chats.send(request)
    const { turn } = await it.chats.stream({ ...request, context: undefined })
    for (const { conversationId, content } of [whole, await turn]) {
      expect(content).toBe('Your password is [gone].')
      expect(await keptTurns(it.store, conversationId)).toEqual([
        'user: It is [gone]',
        'assistant: Your password is [gone].',
      ])
    }
  })

  test('a question that is blocked is neither kept nor sent', async () => {
    await using it = await host({ orchestrator: { moderation: { rules } } })
    const sent = it.chats.send({ identity, message: 'How to bomb' })
    await expect(sent).rejects.toMatchObject({ kind: 'content-blocked' })
    expect((await it.chats.list({ identity })).data).toEqual([])
    expect(it.provider.log).toHaveLength(0)
  })

  test('the same request id finds its answer, though its words were changed', async () => {
    await using it = await host({ orchestrator: { moderation: { rules } } })
    const request = { identity, message: 'It is hunter2', requestId: 'r1' }
    const first = await it.chats.send(request)
    expect(await it.chats.send(request)).toMatchObject({ messageId: first.messageId, repeated: true })
  })
})

describe('the messages that are sent to the model', () => {
  test('the newest turns, not the oldest', async () => {
    await using it = await host({ script: ({ call }) => `a${call}` })
    const { id: conversationId } = await it.chats.create({ identity })
    const sizes: number[] = []
    const firsts = new Set<string | undefined>()
    for (let at = 0; at < 42; at++) {
      await it.chats.send({ identity, conversationId, message: `q${at}` })
      sizes.push(sentTurns(it.provider).length)
      firsts.add(sentTurns(it.provider)[0])
    }
    // The beginning moves in steps of 20 messages, so that what the provider caches stays a prefix.
    expect([...firsts]).toEqual(['user: q0', 'user: q10', 'user: q20', 'user: q30'])
    expect(Math.max(...sizes)).toBe(39)
    expect(Math.min(...sizes.slice(20))).toBe(21)
    expect(sentTurns(it.provider).at(-2)).toBe('assistant: a40')
    await it.chats.send({ identity, conversationId, message: 'last' })
    await it.chats.send({ identity, conversationId, message: 'short', history: { maxMessages: 2 } })
    expect(sentTurns(it.provider)).toEqual(['user: last', 'assistant: a42', 'user: short'])
    await it.chats.send({ identity, conversationId, message: 'none', history: { maxMessages: 0 } })
    expect(sentTurns(it.provider)).toEqual(['user: none'])
  })

  test('of a long conversation only the window is read', async () => {
    const read: number[] = []
    const store = createMemoryStore()
    const messages = {
      ...store.messages,
      history: async (...args: Parameters<typeof store.messages.history>) => {
        const found = await store.messages.history(...args)
        read.push(found.length)
        return found
      },
      list: () => Promise.reject(new Error('lists are not needed for a turn')),
    }
    await using it = await host({ store: { ...store, messages } })
    const { id: conversationId } = await it.chats.create({ identity })
    const rows = Array.from({ length: 5_000 }, (_, at) => ({ role: 'user' as const, content: `m${at}` }))
    await store.messages.append(conversationId, rows)
    await it.chats.send({ identity, conversationId, message: 'Hi' })
    expect(read).toEqual([39, 10])
    expect(it.provider.log[0]?.request?.prompt).toContain('Hi')
  })

  test('people keep their part and their name; the persona speaks under its own', async () => {
    await using it = await host({
      service: {
        persona: (name) => ({ name, systemPrompt: `You are ${name}.`, postHistoryInstructions: 'Be brief.' }),
      },
    })
    const { conversationId } = await it.chats.send({
      identity,
      message: 'Hi',
      name: 'Ada L.',
      persona: 'Dr <Who>',
    })
    await it.chats.send({ identity, conversationId, message: 'And?', name: 'Bob', persona: 'Dr <Who>' })
    const body = it.provider.log.at(-1)?.body as { messages: { role: string; name?: string }[] } | undefined
    expect(body?.messages.map(({ role, name }) => `${role} ${name ?? '-'}`)).toEqual([
      'system -',
      'user Ada_L',
      'assistant Dr_Who',
      'user Bob',
      'system -',
    ])
  })

  test('instructions: the request’s own, else the persona’s', async () => {
    await using it = await host({ service: { persona: (name) => ({ name, systemPrompt: 'Persona.' }) } })
    await it.chats.send({ identity, message: 'Hi', persona: 'Eve', system: 'Own.' })
    expect(sentTurns(it.provider)[0]).toBe('system: Own.')
    const turn = await it.chats.send({ identity, message: 'Hi', persona: 'Eve' })
    expect(sentTurns(it.provider)[0]).toBe('system: Persona.')
    // The conversation stores the persona.
    await it.chats.send({ identity, conversationId: turn.conversationId, message: 'And?' })
    expect(sentTurns(it.provider)[0]).toBe('system: Persona.')
  })

  test('placeholders are filled in history and instructions; the template changes the turn; the store keeps the original text', async () => {
    await using it = await host({
      script: 'I am {{char}}.',
      service: {
        persona: (name) => ({ name, systemPrompt: 'Play {{char}}.' }),
        texts: {
          placeholders: (text, { charName, userName }) =>
            text.replaceAll('{{char}}', charName).replaceAll('{{user}}', userName),
          message: (text, { templateData }) => `${JSON.stringify(templateData)}${text}`,
          answer: (text) => text.replace('I am', 'My name is'),
        },
      },
    })
    const request = { identity, persona: 'Eve', userName: 'Ada', templateData: { lead: 1 } }
    const turn = await it.chats.send({ ...request, message: 'Who is {{char}}?' })
    expect(turn.content).toBe('My name is {{char}}.')
    await it.chats.send({ ...request, conversationId: turn.conversationId, message: '{{user}} asks' })
    expect(sentTurns(it.provider)).toEqual([
      'system: Play Eve.',
      'user: Who is Eve?',
      'assistant: My name is Eve.',
      'user: {"lead":1}{{user}} asks',
    ])
    expect((await keptTurns(it.store, turn.conversationId))[0]).toBe('user: Who is {{char}}?')
  })

  test('the composer of prompts and its personas fit as they are', async () => {
    const library = createPersonaLibrary({ store: createMemoryPersonaStore() })
    const eve = definePersona({
      name: 'Eve',
      systemPrompt: 'Play {{char}} for {{user}}.',
      postHistoryInstructions: 'Stay {{char}}.',
    })
    await using it = await host({
      script: 'I am {{char}}.',
      service: { composer: createPromptComposer(), persona: () => eve },
    })
    const request = { identity, persona: 'Eve', userName: 'Ada' }
    const { conversationId } = await it.chats.send({ ...request, message: 'Who?' })
    await it.chats.send({ ...request, conversationId, message: 'Sure?' })
    expect(sentTurns(it.provider)).toEqual([
      'system: Play Eve for Ada.\nStay Eve.',
      'user: Who?',
      'assistant: I am Eve.',
      'user: Sure?',
    ])
    await using other = await host({
      service: {
        composer: createPromptComposer(),
        persona: async (name) => (await library.find(name)).persona,
      },
    })
    const turn = await other.chats.send({ identity, persona: 'nobody', message: 'Who?' })
    expect(turn.content).toBe('Hello from the fake.')
    expect(sentTurns(other.provider)[0]).toMatch(/^system: You are a helpful assistant/)
  })

  test('found passages, then the custom prompt, then the text; only the text is kept', async () => {
    await using it = await host()
    const image = { type: 'image', url: 'https://example.com/a.png' } as const
    const turn = await it.chats.send({
      identity,
      message: [{ type: 'text', text: 'What is it?' }, image],
      context: ['First passage.', 'Second passage.'],
      customPrompt: 'Use the passages.',
    })
    expect(sentTurns(it.provider)).toEqual([
      'user: First passage.\n\nSecond passage.\n\n---\n\nUse the passages.\n\nWhat is it?',
    ])
    expect((await keptTurns(it.store, turn.conversationId))[0]).toBe('user: What is it?|image')
  })

  test.each([
    ['send-all', 2],
    ['send-last-user-image', 1],
    ['describe-past', 0],
    ['ignore-past', 0],
  ] as const)('past images under %s: %d are sent again', async (images, sent) => {
    await using it = await host({ service: { images } })
    const shown = (name: string) => [
      { type: 'text' as const, text: name },
      { type: 'image' as const, data: new Uint8Array([1, 2, 3]), mediaType: 'image/png' },
    ]
    const { conversationId } = await it.chats.send({ identity, message: shown('one') })
    await it.chats.send({ identity, conversationId, message: shown('two') })
    expect(it.provider.log.at(-1)?.request?.turns.at(-1)?.media).toHaveLength(1)
    await it.chats.send({ identity, conversationId, message: 'three' })
    const media = it.provider.log.at(-1)?.request?.turns.flatMap((turn) => turn.media) ?? []
    expect(media).toHaveLength(sent)
    for (const { data } of media) expect(data).toBe('AQID')
    const tags = sentTurns(it.provider).filter((turn) => turn.includes('<image 1>'))
    expect(tags).toHaveLength(images === 'describe-past' ? 2 : 0)
  })

  test('concurrent turns are sent each with its answer', async () => {
    await using it = await host({ script: { text: 'Yes.', pacing: { firstMs: 30 } } })
    const { id: conversationId } = await it.chats.create({ identity })
    await Promise.all(['one', 'two'].map((message) => it.chats.send({ identity, conversationId, message })))
    await it.chats.send({ identity, conversationId, message: 'three' })
    expect(sentTurns(it.provider)).toEqual([
      'user: one',
      'assistant: Yes.',
      'user: two',
      'assistant: Yes.',
      'user: three',
    ])
  })
})
