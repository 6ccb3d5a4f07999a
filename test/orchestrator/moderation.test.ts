import { createFakeProvider, type FakeScript } from 'llm-switchyard/testing'
import {
  createOrchestrator,
  defineProvider,
  type LlmError,
  type ChatResponse,
  type OrchestratorEvent,
  type OrchestratorOptions,
  type StreamEvent,
} from 'llm-switchyard'
import { createPiiModerator, createPlaceholders, type Placeholders } from 'llm-switchyard/moderation'
import { openai } from 'llm-switchyard/providers/openai'
import { describe, expect, it, vi } from 'vitest'
import type { Moderator } from '../../src/moderation/index.ts'

const RULES = `
topsecret
bomb -> block #violence
darn -> warn #mild
/sk-[a-z0-9]{8,}/ -> redact:[KEY]
`

async function moderated(
  script: FakeScript,
  moderation: OrchestratorOptions['moderation'],
  more: OrchestratorOptions = {},
) {
  const provider = await createFakeProvider({ script })
  const events: OrchestratorEvent[] = []
  const orchestrator = createOrchestrator({
    ...more,
    moderation,
    onEvent: (event) => events.push(event),
    providers: { openai: { apiKey: 'key', baseUrl: provider.baseUrl('openai-chat') } },
  })
  const ask = (content: string, extra: object = {}): Promise<ChatResponse> =>
    orchestrator.chatApiCall({ model: 'openai/m', messages: [{ role: 'user', content }], ...extra })
  const stream = async (content: string, extra: object = {}) => {
    const opened = await orchestrator.chatApiCall({
      model: 'openai/m',
      messages: [{ role: 'user', content }],
      stream: true,
      ...extra,
    })
    const seen: StreamEvent[] = []
    try {
      for await (const event of opened) seen.push(event)
      return { seen, response: await opened.response, error: undefined }
    } catch (error) {
      return { seen, response: undefined, error: error as LlmError }
    }
  }
  return {
    provider,
    orchestrator,
    ask,
    stream,
    told: () => events.flatMap((event) => (event.type === 'moderation' ? [event.event] : [])),
    [Symbol.asyncDispose]: async () => {
      await orchestrator.close({ drainMs: 0 })
      await provider.close()
    },
  }
}

const textOf = (events: readonly StreamEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')

async function failure(work: Promise<unknown>): Promise<LlmError> {
  return work.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error as LlmError,
  )
}

describe('input', () => {
  it('is blocked by default, before anything is sent, with issues and without its text', async () => {
    await using yard = await moderated('Hi', { rules: RULES })
    const error = await failure(yard.ask('this is topsecret stuff'))
    expect(error.kind).toBe('content-blocked')
    expect(error.issues).toEqual([{ path: 'messages.0.content', message: 'blocked by rules (line-2)' }])
    expect(JSON.stringify(error)).not.toContain('topsecret')
    expect(yard.provider.log).toHaveLength(0)
    expect(yard.told()).toEqual([
      expect.objectContaining({ source: 'input', action: 'block', rule: 'line-2' }),
    ])
    expect(JSON.stringify(yard.told())).not.toContain('topsecret')
  })

  it('is blocked before it waits in the queue', async () => {
    await using yard = await moderated(
      { text: 'slow', pacing: { firstMs: 2_000 } },
      { rules: RULES },
      { queue: { concurrency: 1, maxPending: 0 } },
    )
    const first = yard.stream('hello').catch(() => undefined)
    await expect.poll(() => yard.orchestrator.queue?.status().running).toBe(1)
    const error = await failure(yard.ask('bomb'))
    expect(error.kind).toBe('content-blocked')
    expect(yard.orchestrator.queue?.status().running).toBe(1)
    await yard.orchestrator.close({ drainMs: 0 })
    await first
  })

  it('is redacted where the rule says so, part by part, and only in user turns', async () => {
    await using yard = await moderated('Hi', { rules: RULES, pii: true })
    await yard.orchestrator.chatApiCall({
      model: 'openai/m',
      system: 'the key is sk-abcdefgh12',
      messages: [
        { role: 'user', content: 'use sk-abcdefgh12 now' },
        { role: 'assistant', content: 'sk-abcdefgh12 it is' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'mail a@example.com' },
            { type: 'text', text: 'darn' },
          ],
        },
      ],
    })
    const sent = JSON.stringify(yard.provider.log[0]?.request)
    expect(sent).toContain('use [KEY] now')
    expect(sent).toContain('mail [PII]')
    expect(sent).toContain('sk-abcdefgh12 it is')
    expect(sent).toContain('the key is sk-abcdefgh12')
    expect(
      yard
        .told()
        .map(({ action }) => action)
        .toSorted(),
    ).toEqual(['redact', 'redact', 'warn'])
  })

  it('follows the policy of the user, and its categories', async () => {
    const users = {
      root: { enabled: false },
      kid: { input: { action: 'block' as const }, categories: ['mild'] },
    }
    await using yard = await moderated('Hi', {
      rules: `${RULES}\nheck #mild`,
      input: { action: 'warn' },
      users,
    })
    await yard.ask('bomb', { userId: 'root' })
    await yard.ask('topsecret heck')
    expect((await failure(yard.ask('heck', { userId: 'kid' }))).kind).toBe('content-blocked')
    await yard.ask('bomb', { userId: 'kid' })
    expect((await failure(yard.ask('bomb'))).kind).toBe('content-blocked')
    await yard.ask('bomb', { moderation: false })
  })
})

describe('output', () => {
  const answer = {
    text: 'the topsecret key sk-abcdefgh12 is darn good',
    reasoning: 'think topsecret',
    chunks: 7,
  }

  it('of a whole call is redacted by default', async () => {
    await using yard = await moderated(answer, { rules: RULES, input: false })
    const reply = await yard.ask('hello')
    expect(reply.text).toBe('the [REDACTED] key [KEY] is darn good')
    expect(JSON.stringify(reply)).not.toContain('topsecret')
  })

  it('of a stream is the same, in events, response and what is told', async () => {
    for (const chunks of [1, 2, 3, 5, 20, 44]) {
      await using yard = await moderated({ ...answer, chunks }, { rules: RULES })
      const { seen, response, error } = await yard.stream('hello')
      expect(error).toBeUndefined()
      expect(textOf(seen)).toBe('the [REDACTED] key [KEY] is darn good')
      expect(response?.text).toBe('the [REDACTED] key [KEY] is darn good')
      expect(JSON.stringify([seen, response])).not.toContain('topsecret')
      // ⚠ of the first system: what a stream redacts and blocks was never told.
      expect(yard.told().filter(({ action }) => action === 'redact').length).toBeGreaterThanOrEqual(2)
    }
  })

  it('covers tool arguments', async () => {
    const call = {
      toolCalls: [{ name: 'save', arguments: { note: 'a topsecret "thing"', deep: ['sk-abcdefgh12'] } }],
      chunks: 9,
    }
    await using yard = await moderated(call, { rules: RULES })
    const tools = [{ name: 'save', parameters: { type: 'object' as const } }]
    const { seen, response } = await yard.stream('hello', { tools })
    const joined = seen.map((event) => (event.type === 'tool-call-delta' ? event.delta : '')).join('')
    const clean = { note: 'a [REDACTED] "thing"', deep: ['[KEY]'] }
    expect(JSON.parse(joined)).toEqual(clean)
    expect(response?.toolCalls[0]?.arguments).toEqual(clean)
    expect((await yard.ask('hello', { tools })).toolCalls[0]?.arguments).toEqual(clean)
  })

  it('that is blocked ends the stream once, typed, with what came before, and cancels the upstream', async () => {
    const long = {
      text: `fine so far bomb ${'and on '.repeat(4_000)}`,
      chunks: 500,
      pacing: { betweenMs: 2 },
    }
    await using yard = await moderated(long, { rules: RULES })
    const { seen, error } = await yard.stream('hello')
    expect(error?.kind).toBe('content-blocked')
    expect(error?.partial?.text).toBe(textOf(seen))
    expect(textOf(seen)).toBe('fine so far ')
    expect(seen.some(({ type }) => type === 'finish')).toBe(false)
    expect(JSON.stringify(error)).not.toContain('bomb')
    expect(yard.told()).toContainEqual(
      expect.objectContaining({ source: 'output', action: 'block', categories: ['violence'] }),
    )
    await yard.provider.log[0]?.closed
    expect(yard.provider.log[0]?.abortedAt).toBeDefined()
    expect(yard.orchestrator.stats()).toMatchObject({ active: 0, failed: 1 })
  })

  it('that is blocked is not tried elsewhere', async () => {
    await using yard = await moderated(
      'a bomb',
      { rules: RULES },
      { retry: { attempts: 3 }, fallback: ['openai/n'] },
    )
    expect((await failure(yard.ask('hello'))).kind).toBe('content-blocked')
    expect(yard.provider.log).toHaveLength(1)
  })

  it('of two streams at once does not mix', async () => {
    const script: FakeScript = ({ prompt }) => ({
      text: prompt === 'a' ? 'my id is top' : 'secret of b',
      chunks: 12,
    })
    await using yard = await moderated(script, { rules: RULES })
    const both = await Promise.all([yard.stream('a'), yard.stream('b')])
    expect(both.map(({ response }) => response?.text)).toEqual(['my id is top', 'secret of b'])
  })

  it('costs nothing where it is off', async () => {
    await using yard = await moderated(answer, { rules: RULES, output: false })
    expect((await yard.ask('hello')).text).toBe(answer.text)
    expect((await yard.stream('hello')).response?.text).toBe(answer.text)
  })
})

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
    const sets = new Map<string, Placeholders>()
    const placeholdersOf = (id: string): Placeholders => {
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

describe('options', () => {
  it('are checked', () => {
    for (const moderation of [
      { imput: true },
      { input: { acton: 'block' } },
      { output: { action: 'delete' } },
      { stream: 'yes' },
      { moderators: [{ name: 'x' }] },
    ])
      expect(() => createOrchestrator({ moderation: moderation as never })).toThrow(/moderation/)
    expect(() => createOrchestrator({ moderation: { rules: 'fine\n/(/' } })).toThrow(/line 2/)
  })
})
