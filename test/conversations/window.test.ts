import { describe, expect, test } from 'vitest'
import { ada, host, sentTurns } from './chat-host.ts'

const identity = ada
const isSummary = (system: string): boolean => system.startsWith('Summarise')
const words = (count: number): string => Array.from({ length: count }, (_, at) => `word${at}`).join(' ')
const countTokens = ({ content }: { content: unknown }): number => String(content).split(' ').length

describe('a conversation that outgrows its model', () => {
  const window = { contextWindow: 60, answerTokens: 10, countTokens }

  test('loses its oldest turns', async () => {
    await using it = await host({ script: words(10), service: { window } })
    const { conversationId } = await it.chats.send({ identity, message: words(10) })
    for (let at = 0; at < 4; at++) await it.chats.send({ identity, conversationId, message: words(10) })
    const turns = sentTurns(it.provider)
    expect(turns).toHaveLength(5)
    expect(await it.store.messages.history(conversationId, { limit: 50 })).toHaveLength(10)
  })

  test('a turn too long for it is refused with the numbers, and nothing is kept', async () => {
    await using it = await host({ service: { window } })
    const sent = it.chats.send({ identity, message: words(55) })
    await expect(sent).rejects.toMatchObject({
      kind: 'context-too-long',
      message: expect.stringContaining('needs 55 tokens') as string,
    })
    await expect(it.chats.send({ identity, message: words(55) })).rejects.toThrow(
      /65 of a context window of 60/,
    )
    expect((await it.chats.list({ identity })).data).toEqual([])
    expect(it.provider.log).toHaveLength(0)
  })

  test('rejects if messages may not be dropped', async () => {
    await using it = await host({
      script: words(20),
      service: { window: { ...window, overflow: 'refuse' } },
    })
    const { conversationId } = await it.chats.send({ identity, message: words(20) })
    const sent = it.chats.send({ identity, conversationId, message: words(20) })
    await expect(sent).rejects.toThrow(/needs 60 tokens .* 70 of a context window of 60/)
  })

  test('is summarized if configured, and the next turns need no new summary', async () => {
    await using it = await host({
      script: ({ system }) => (isSummary(system) ? 'They counted words.' : words(10)),
      service: { window: { ...window, contextWindow: 80, overflow: 'summarise' } },
    })
    const { conversationId } = await it.chats.send({ identity, message: words(10) })
    const summaries = (): number =>
      it.provider.log.filter(({ request }) => isSummary(request?.system ?? '')).length
    const sizes: number[] = []
    for (let at = 0; at < 8; at++) {
      await it.chats.send({ identity, conversationId, message: words(10) })
      sizes.push(summaries())
    }
    expect(sentTurns(it.provider)[0]).toBe('system: What was said before, in short:\nThey counted words.')
    expect(sizes.at(-1)).toBeGreaterThanOrEqual(2)
    expect(sizes.at(-1)).toBeLessThanOrEqual(4)
    const { items } = await it.chats.summaries({ identity, conversationId })
    expect(items[0]?.text).toBe('They counted words.')
    const seconds = it.provider.log.filter(({ request }) => isSummary(request?.system ?? ''))
    expect(seconds.at(-1)?.request?.prompt).toMatch(/^Summary so far: They counted words\./)
  })

  test('a summary that cannot be made costs the oldest turns, and a warning, not the answer', async () => {
    await using it = await host({
      script: ({ system }) => (isSummary(system) ? { error: 'server-failed' } : words(10)),
      service: { window: { ...window, overflow: 'summarise' } },
    })
    let { conversationId, warnings } = await it.chats.send({ identity, message: words(10) })
    for (let at = 0; at < 3; at++)
      ({ warnings, conversationId } = await it.chats.send({ identity, conversationId, message: words(10) }))
    expect(warnings).toContainEqual({
      type: 'other',
      message: expect.stringContaining('summary failed') as string,
    })
  })

  test('the window is the model’s own if it is known', async () => {
    await using it = await host()
    const known = it.orchestrator.registry.resolve({ model: 'openai/gpt-4.1-mini' }).capabilities
      .contextWindow
    if (known === undefined) throw new Error('the window of this model is known')
    const sent = it.chats.send({ identity, message: 'word '.repeat(known + 1) })
    await expect(sent).rejects.toMatchObject({ kind: 'context-too-long' })
  })
})

describe('titles and summaries', () => {
  test('a conversation is titled once, by its first turn, in the background', async () => {
    await using it = await host({
      script: ({ system }) =>
        system.startsWith('Give the conversation') ? '"Engines and Numbers."\n' : 'Yes.',
      service: { autoTitle: true },
    })
    const { conversationId } = await it.chats.send({ identity, message: 'About engines' })
    expect((await it.chats.get({ identity, conversationId })).title).toBeUndefined()
    await it.chats.settled()
    expect((await it.chats.get({ identity, conversationId })).title).toBe('Engines and Numbers')
    const asked = it.provider.log.at(-1)?.request
    expect(asked).toMatchObject({ prompt: 'About engines', settings: { maxTokens: 20 } })
    await it.chats.send({ identity, conversationId, message: 'More' })
    await it.chats.settled()
    expect(it.provider.log).toHaveLength(3)
  })

  test.each<[string, string | undefined]>([
    ['"Quoted Title"', 'Quoted Title'],
    ['**Title:** About Cats', 'About Cats'],
    ['<think>hmm</think>Cats', 'Cats'],
    ['so the user asks </thinking>\n\nCats', 'Cats'],
    ['<think>cut off inside', undefined],
    ['## **Bold** move ##', 'Bold move'],
    ['# Heading', 'Heading'],
    ['- 1. `Code`', 'Code'],
    ['```\nIn a fence\n```', 'In a fence'],
    ['[A link](https://example.org)', 'A link'],
    ['a\u0000b\u001b[31mc\u202e\u200b', 'a bc'],
    ['...\nSecond line', 'Second line'],
    ['「猫の話」', '猫の話'],
    ['C# and snake_case, vs. 2*3', 'C# and snake_case, vs. 2*3'],
    ['  ', undefined],
    ['x'.repeat(5_000), 'x'.repeat(120)],
    [`${'x'.repeat(119)}𝒳`, 'x'.repeat(119)],
  ])('a title is clean: %j', async (answer, title) => {
    await using it = await host({
      script: ({ system }) => (system.startsWith('Give the conversation') ? answer : 'Yes.'),
      service: { autoTitle: true },
    })
    const { conversationId } = await it.chats.send({ identity, message: 'About engines' })
    await it.chats.settled()
    expect((await it.chats.get({ identity, conversationId })).title).toBe(title)
  })

  test('a title that was given stays; a failing title call does not fail the turn', async () => {
    await using it = await host({
      script: ({ system }) => (system === '' ? 'Yes.' : { error: 'server-failed' }),
      service: { autoTitle: { maxTokens: 5 } },
    })
    const named = await it.chats.send({ identity, message: 'Hi', title: 'Mine' })
    await it.chats.settled()
    expect(it.provider.log).toHaveLength(1)
    expect((await it.chats.get({ identity, conversationId: named.conversationId })).title).toBe('Mine')
    const plain = await it.chats.send({ identity, message: 'Hi' })
    await it.chats.settled()
    expect((await it.chats.get({ identity, conversationId: plain.conversationId })).title).toBeUndefined()
  })

  test('on demand: of the newest messages, at least two', async () => {
    await using it = await host({ script: ({ system }) => (isSummary(system) ? 'In short.' : 'Yes.') })
    const { id: conversationId } = await it.chats.create({ identity })
    const asked = it.chats.summarize({ identity, conversationId })
    await expect(asked).rejects.toMatchObject({ kind: 'invalid-request' })
    for (let at = 0; at < 7; at++) await it.chats.send({ identity, conversationId, message: `q${at}` })
    const summary = await it.chats.summarize({ identity, conversationId })
    expect(summary).toMatchObject({ text: 'In short.', upToSequence: 14 })
    const request = it.provider.log.at(-1)?.request
    expect(request?.settings.maxTokens).toBe(100)
    expect(request?.prompt.split('\n')).toHaveLength(10)
    expect((await it.chats.get({ identity, conversationId })).summary).toBe('In short.')
  })

  test('by length, and on completion, without being asked', async () => {
    await using it = await host({
      script: ({ system }) => (isSummary(system) ? 'In short.' : 'Yes.'),
      service: { summary: { everyMessages: 4 } },
    })
    const { conversationId } = await it.chats.send({ identity, message: 'q' })
    await it.chats.settled()
    expect((await it.chats.summaries({ identity, conversationId })).items).toHaveLength(0)
    await it.chats.send({ identity, conversationId, message: 'q' })
    await it.chats.settled()
    expect((await it.chats.summaries({ identity, conversationId })).items).toHaveLength(1)
    await it.chats.update({ identity, conversationId, status: 'completed' })
    await it.chats.settled()
    expect((await it.chats.summaries({ identity, conversationId })).items).toHaveLength(2)
  })
})
