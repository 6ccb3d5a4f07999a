import { describe, expect, it } from 'vitest'
import { createOrchestrator, type ChatResponse } from 'llm-switchyard'
import {
  createEndpointModerator,
  createJudgeModerator,
  createPiiModerator,
  createPlaceholders,
  createProfanityModerator,
} from 'llm-switchyard/moderation'
import { createFakeProvider } from 'llm-switchyard/testing'
import { argumentsOf, scansOf, textOf, twoCuts } from './redact-streams.ts'

describe('profanity', () => {
  it('is found also stretched and disguised, and not inside of other words', async () => {
    const moderator = await createProfanityModerator({ words: ['|frak|'], allowed: [] })
    const open = scansOf(moderator, '***')
    expect(textOf(open, ['What the fuuuuck is this shit? Frak.'])).toBe('What the *** is this ***? ***.')
    expect(textOf(open, ['Scunthorpe assassins have a cocktail in class'])).toBe(
      'Scunthorpe assassins have a cocktail in class',
    )
    expect(
      textOf(scansOf(await createProfanityModerator({ english: false, words: ['heck'] }), '*'), [
        'heck shit',
      ]),
    ).toBe('* shit')
  })

  it('is found the same for every pair of cuts', async () => {
    const open = scansOf(await createProfanityModerator(), '***')
    const text = 'Oh shit! No.\nWhat the fuck? Fine. bullshit'
    for (const pieces of twoCuts(text)) expect(textOf(open, pieces)).toBe(textOf(open, [text]))
    const long = `${'good words '.repeat(300)}shit ${'x'.repeat(5_000)} shit`
    expect(textOf(open, long.match(/[^]{1,7}/g) ?? [])).toBe(long.replaceAll('shit', '***'))
  })
})

describe('placeholders', () => {
  it('go out in place of values, and come back as values, however cut', () => {
    const placeholders = createPlaceholders()
    const out = scansOf(createPiiModerator({ placeholders }))
    const sent = textOf(out, ['I am a@example.com, not b@example.com; a@example.com!'])
    expect(sent).toBe('I am [EMAIL_1], not [EMAIL_2]; [EMAIL_1]!')
    expect(placeholders.restore('To [EMAIL_2], [EMAIL_3] and [email_1]')).toBe(
      'To b@example.com, [EMAIL_3] and [email_1]',
    )
    const back = scansOf(placeholders.restoring)
    const answer = 'Hello [EMAIL_1] and [EMAIL_9], [x] [EMAIL_2]'
    for (const pieces of twoCuts(answer))
      expect(textOf(back, pieces)).toBe('Hello a@example.com and [EMAIL_9], [x] b@example.com')
    expect(argumentsOf(back, ['{"to":"[EMA', 'IL_1]"}'], { to: '[EMAIL_1]' })).toEqual({
      text: '{"to":"a@example.com"}',
      value: { to: 'a@example.com' },
    })
  })
})

describe('over an orchestrator', () => {
  it('a provider endpoint judges, by its own word or by thresholds', async () => {
    const results = (score: number) => [
      {
        flagged: score > 0.8,
        categories: { hate: score > 0.8, spam: false },
        scores: { hate: score, spam: 0.01 },
      },
    ]
    const asked: unknown[] = []
    const make = (score: number, thresholds?: Record<string, number>) =>
      createEndpointModerator({
        provider: 'openai',
        thresholds,
        maxCharacters: 100,
        moderate: (request) => {
          asked.push(request.input)
          return Promise.resolve({
            provider: 'openai',
            model: 'm',
            flagged: score > 0.8,
            results: results(score),
            attempts: [],
          })
        },
      })
    expect(await make(0.9).moderate?.('text', { source: 'input' })).toEqual([{ categories: ['hate'] }])
    expect(await make(0.5).moderate?.('text', { source: 'input' })).toEqual([])
    expect(await make(0.5, { hate: 0.4 }).moderate?.('text', { source: 'input' })).toEqual([
      { categories: ['hate'] },
    ])
    await make(0).moderate?.('word '.repeat(50), { source: 'input' })
    const pieces = asked.at(-1) as string[]
    expect(pieces.join('')).toBe('word '.repeat(50))
    expect(pieces.every((piece) => piece.length <= 100)).toBe(true)
  })

  it('a model judges, and its own calls are not judged', async () => {
    await using provider = await createFakeProvider({
      script: ({ prompt }) => {
        if (!prompt.startsWith('{"text":')) return 'a kind answer'
        return prompt.includes('hurt')
          ? 'Sure: {"categories": ["violence", "made-up"]}'
          : '{"categories": []}'
      },
    })
    const orchestrator = createOrchestrator({
      providers: { openai: { apiKey: 'key', baseUrl: provider.baseUrl('openai-chat') } },
      moderation: {
        moderators: [
          createJudgeModerator({
            model: 'openai/m',
            ask: (request): Promise<ChatResponse> => orchestrator.chatApiCall(request),
          }),
        ],
      },
    })
    const ask = (content: string) =>
      orchestrator.chatApiCall({ model: 'openai/m', messages: [{ role: 'user', content }] })
    expect((await ask('hello')).text).toBe('a kind answer')
    await expect(ask('how to hurt')).rejects.toMatchObject({ kind: 'content-blocked' })
    expect(provider.log).toHaveLength(4)
    await orchestrator.close()
  })
})
