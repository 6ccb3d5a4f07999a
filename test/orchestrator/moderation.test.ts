import { type FakeScript } from 'llm-switchyard/testing'
import { createOrchestrator } from 'llm-switchyard'
import { describe, expect, it } from 'vitest'
import { failure, moderated, RULES, textOf } from './moderated.ts'

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

  it('is redacted where the rule says so, part by part, and in what the model said; the application’s instructions are left', async () => {
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
    expect(sent).toContain('[KEY] it is')
    expect(sent).toContain('the key is sk-abcdefgh12')
    expect(
      yard
        .told()
        .map(({ action }) => action)
        .toSorted(),
    ).toEqual(['redact', 'redact', 'redact', 'warn'])
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
