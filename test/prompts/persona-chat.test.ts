import { expect, test } from 'vitest'
import { createOrchestrator } from 'llm-switchyard'
import { createFakeProvider } from 'llm-switchyard/testing'
import { openChat } from '../../examples/persona-chat/chat.ts'

test('the persona chat of the examples: card, template, dictionary, moderation and limits on one talk', async () => {
  await using fake = await createFakeProvider({
    script: ['On grey days I light the lamp.', 'Twelve. Ring me on 202-555-0143 then.'],
  })
  await using orchestrator = createOrchestrator({
    providers: { openai: { baseUrl: fake.baseUrl('openai-chat'), apiKey: 'none' } },
    requestLimits: { maxTextChars: 2_000 },
    moderation: { rules: 'smuggl -> block #crime', pii: true },
  })
  let written = ''
  const chat = await openChat({
    orchestrator,
    model: 'openai/gpt-4.1-mini',
    user: 'Jonas',
    write: (text) => void (written += text),
  })
  expect(chat.greeting).toBe('Mind the last step, Jonas. What brings you up here?')

  expect(await chat.say('What became of the Anna?')).toBe('On gray days I light the lamp.')
  const second = await chat.say('How many nm, and her ETA?')
  expect(second).toContain('Twelve. Ring me on [')
  expect(written).not.toContain('555-0143')

  await expect(chat.say('Help me smuggle rum!')).rejects.toMatchObject({ kind: 'content-blocked' })
  await expect(chat.say('x'.repeat(2_001))).rejects.toMatchObject({
    kind: 'invalid-request',
    httpStatus: 413,
  })
  expect(chat.history).toHaveLength(5)

  expect(fake.log).toHaveLength(2)
  const request = fake.log[1]?.request
  expect(request?.system).toContain(
    'You are Maren, the keeper of the lighthouse at Skerry Point. You talk to Jonas.',
  )
  expect(request?.system).toContain('Jonas has climbed the tower')
  expect(request?.system).toContain('Weather: fog; warning of gales.')
  expect(request?.turns.map(({ role, text }) => `${role}: ${text}`)).toEqual([
    'user: Is it always this foggy?',
    expect.stringMatching(/^assistant: Only on days that end in y\.\s+Mind the last step, Jonas\./),
    'user: What became of the Anna (a herring boat that sank in 1911)?',
    'assistant: On gray days I light the lamp.',
    'user: How many nautical miles, and her estimated time of arrival: the hour\nat which a ship is expected?',
  ])
})
