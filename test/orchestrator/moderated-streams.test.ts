import { createFakeProvider } from 'llm-switchyard/testing'
import { createOrchestrator, defineProvider } from 'llm-switchyard'
import { createPiiModerator, createPlaceholders, type ReversibleRedactions } from 'llm-switchyard/moderation'
import { openai } from 'llm-switchyard/providers/openai'
import { describe, expect, it, vi } from 'vitest'
import type { Moderator } from '../../src/moderation/index.ts'
import { failure, moderated, RULES, textOf } from './moderated.ts'

describe('a stream that breaks', () => {
  const pieces = ['all is fine ', 'and the key is ', 'sk-abcd', 'efgh1234', ' so there']

  it('keeps back what may be the beginning of a find', async () => {
    await using yard = await moderated(
      { text: pieces, chaos: { type: 'cut', at: 'finish' } },
      { rules: RULES },
    )
    const whole = await yard.stream('hello')
    expect(whole.error?.kind).toBe('stream-broken')
    expect(whole.error?.partial?.text).toBe('all is fine and the key is [KEY] so there')
    const text = ['the key is sk-abcd', 'ef']
    await using cut = await moderated({ text, chaos: { type: 'cut', at: 'finish' } }, { rules: RULES })
    const { seen, error } = await cut.stream('hello')
    expect(error?.partial?.text).toBe('the key is ')
    expect(textOf(seen)).toBe('the key is ')
    expect(error?.partial?.usage.outputTokens).toBeGreaterThan(0)
  })

  it('goes on elsewhere without giving a find in two halves', async () => {
    vi.stubEnv('MODERATION_TEST_KEY', 'k')
    await using first = await createFakeProvider({
      script: { text: ['a key: ', 'sk-abcd'], chaos: { type: 'cut', at: 'finish' } },
    })
    await using second = await createFakeProvider({ script: 'efgh1234 or so' })
    const goesOn = (id: string, provider: { baseUrl(dialect: string): string }) =>
      defineProvider({
        ...openai,
        id,
        baseUrl: provider.baseUrl('openai-chat'),
        env: ['MODERATION_TEST_KEY'],
        models: { '*': { prefill: true } },
      })
    const orchestrator = createOrchestrator({
      moderation: { rules: RULES },
      continuation: true,
      fallback: ['b/m'],
      providers: { a: goesOn('a', first), b: goesOn('b', second) },
    })
    const stream = await orchestrator.chatApiCall({
      model: 'a/m',
      stream: true,
      messages: [{ role: 'user', content: 'hello' }],
    })
    const { text } = await stream.response
    expect(text).toBe('a key: efgh1234 or so')
    expect(JSON.stringify(second.log[0]?.body)).toContain('a key: "')
    expect(JSON.stringify(second.log[0]?.body)).not.toContain('sk-abcd')
    await orchestrator.close()
    vi.unstubAllEnvs()
  })
})

describe('a scan that fails', () => {
  const broken: Moderator = {
    name: 'broken',
    scan: () => ({
      push: () => undefined,
      end: () => undefined,
      run: () => {
        throw new Error('down')
      },
      blocked: false,
    }),
  }

  it('lets the text through, or stops it, by policy', async () => {
    await using open = await moderated(
      { text: 'Hi there', chunks: 3 },
      { moderators: [broken], input: false },
    )
    expect((await open.stream('hello')).response?.text).toBe('Hi there')
    expect(open.told()).toEqual([expect.objectContaining({ action: 'failed', moderator: 'broken' })])
    await using closed = await moderated('Hi', { moderators: [broken], input: false, failure: 'closed' })
    expect((await failure(closed.ask('hello'))).kind).toBe('content-blocked')
  })
})

describe('a moderator that needs the whole text', () => {
  const judge = (judgeText: (text: string) => ReturnType<NonNullable<Moderator['moderate']>>): Moderator => ({
    name: 'judge',
    moderate: judgeText,
  })

  it('holds a stream until it has judged', async () => {
    const strict = judge((text) =>
      Promise.resolve(text.includes('bad') ? [{ categories: ['hate'], action: 'block' as const }] : []),
    )
    await using yard = await moderated(
      ({ prompt }) => ({ text: prompt === 'x' ? 'all bad' : 'all good', chunks: 4 }),
      { moderators: [strict] },
    )
    const error = await failure(yard.stream('x'))
    expect(error.kind).toBe('content-blocked')
    expect(error.partial?.text).toBe('')
    const { seen, response } = await yard.stream('y')
    expect(textOf(seen)).toBe('all good')
    expect(response?.text).toBe('all good')
    expect((await failure(yard.ask('x'))).kind).toBe('content-blocked')
  })

  it('that fails lets texts through, or refuses them, by policy', async () => {
    const broken = judge(() => Promise.reject(new Error('down')))
    await using open = await moderated('Hi', { moderators: [broken] })
    expect((await open.ask('hello')).text).toBe('Hi')
    expect(open.told().map(({ action }) => action)).toEqual(['failed', 'failed'])
    await using closed = await moderated('Hi', { moderators: [broken], failure: 'closed' })
    expect((await failure(closed.ask('hello'))).kind).toBe('content-blocked')
  })

  it('that is silent is not waited for longer than said', async () => {
    const silent = judge(() => new Promise(() => undefined))
    await using yard = await moderated('Hi', {
      moderators: [silent],
      output: false,
      timeoutMs: 30,
      failure: 'closed',
    })
    expect((await failure(yard.ask('hello'))).issues?.[0]?.message).toContain('failed')
  })

  it('is left when the caller leaves', async () => {
    const silent = judge(() => new Promise(() => undefined))
    await using yard = await moderated('Hi', { moderators: [silent], failure: 'closed' })
    const controller = new AbortController()
    const asked = failure(yard.ask('hello', { signal: controller.signal }))
    controller.abort()
    expect((await asked).kind).toBe('aborted')
    expect(yard.told()).toEqual([])
  })

  it('may redact a range, or all', async () => {
    const some = judge((text) => [
      { categories: [], start: 0, end: 2 },
      ...(text.includes('all') ? [{ categories: [] }] : []),
    ])
    await using yard = await moderated(({ prompt }) => prompt, { moderators: [some], input: false })
    expect((await yard.ask('hello')).text).toBe('[REDACTED]llo')
    expect((await yard.ask('all of it')).text).toBe('[REDACTED]')
  })
})

describe('placeholders', () => {
  it('of a conversation go out, and come back in its answers only', async () => {
    const sets = new Map<string, ReversibleRedactions>()
    const placeholdersOf = (id: string): ReversibleRedactions => {
      const known = sets.get(id) ?? createPlaceholders()
      sets.set(id, known)
      return known
    }
    const sides = ({
      conversationId = '',
    }: {
      conversationId?: string | undefined
    }): readonly Moderator[] => {
      const placeholders = placeholdersOf(conversationId)
      return [createPiiModerator({ placeholders }), placeholders.restoring]
    }
    await using yard = await moderated(({ prompt }) => ({ text: `You said: ${prompt}`, chunks: 9 }), {
      moderators: sides,
      output: true,
    })
    const sent = await yard.stream('I am a@example.com', { conversationId: 'a' })
    expect(yard.provider.log[0]?.request?.prompt).toBe('I am [EMAIL_1]')
    expect(sent.response?.text).toBe('You said: I am a@example.com')
    expect((await yard.ask('who is [EMAIL_1]?', { conversationId: 'b' })).text).toBe(
      'You said: who is [EMAIL_1]?',
    )
  })
})
