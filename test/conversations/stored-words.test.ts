import { describe, expect, test } from 'vitest'
import { createPromptComposer } from 'llm-switchyard/prompts'
import { createPromptLibrary } from 'llm-switchyard/templates'
import type { ChatServiceOptions, SendRequest } from 'llm-switchyard/conversations'
import { ada as identity, host, keptTurns, sentTurns } from './chat-host.ts'

const rules = [
  { pattern: 'hunter2', action: 'redact' as const, replacement: '[gone]' },
  { pattern: '\\d{3} \\d{4}', action: 'redact' as const, replacement: '[number]' },
]
const library = createPromptLibrary({
  templates: [
    { name: 'around', user: 'Sum up: "{{ message_content }}" in brief.' },
    { name: 'twice', user: '{{ message_content }} / {{ message_content }}' },
    { name: 'loud', user: '{{ message_content | upper }}!' },
    { name: 'leaky', user: 'Not like hunter2 555 1234: {{ message_content }} (not hunter2)' },
  ],
})
const composer = createPromptComposer({ library })
const expand = (text: string): string => text.replaceAll('nm', 'nautical miles')

describe('what is stored is what the person wrote, without what moderation removed', () => {
  const cases: readonly [string, Partial<SendRequest>, ChatServiceOptions['texts'], string][] = [
    ['It is hunter2', {}, undefined, 'It is [gone]'],
    ['It is hunter2, really.', { template: 'around' }, undefined, 'It is [gone], really.'],
    ['hunter2', { template: 'around' }, undefined, '[gone]'],
    ['hunter2 or 555 1234, hunter2', { template: 'twice' }, undefined, '[gone] or [number], [gone]'],
    ['Call 555 1234', { template: 'leaky' }, undefined, 'Call [number]'],
    ['Nothing', { template: 'leaky' }, undefined, 'Nothing'],
    ['Call 555 1234 now', { template: 'loud' }, undefined, 'Call [number] now'],
    [
      'Is 555 1234 it?',
      { context: ['Page of hunter2.'], customPrompt: 'Be brief, hunter2' },
      undefined,
      'Is [number] it?',
    ],
    ['12 nm to hunter2, 3 nm back', {}, { message: expand }, '12 nm to [gone], 3 nm back'],
  ]

  test.each(cases)('%j with %j', async (message, request, texts, stored) => {
    await using it = await host({
      orchestrator: { moderation: { rules } },
      service: texts === undefined ? { composer } : { texts },
    })
    for (const content of [message, [{ type: 'text' as const, text: message }]]) {
      const { conversationId } = await it.chats.send({ identity, message: content, ...request })
      expect((await keptTurns(it.store, conversationId))[0]).toBe(`user: ${stored}`)
      expect(sentTurns(it.provider).join('\n')).not.toMatch(/hunter2|555 1234/)
    }
  })

  test('a template is applied once in later turns, too', async () => {
    await using it = await host({ orchestrator: { moderation: { rules } }, service: { composer } })
    const ask = (message: string, conversationId?: string) =>
      it.chats.send({ identity, message, conversationId, template: 'around' })
    const { conversationId } = await ask('It is hunter2')
    await ask('And?', conversationId)
    expect(sentTurns(it.provider).slice(1)).toEqual([
      'user: Sum up: "It is [gone]" in brief.',
      'assistant: Hello from the fake.',
      'user: Sum up: "And?" in brief.',
    ])
  })

  test('where a change cannot be found in the words, the moderated text is stored', async () => {
    const upper = (text: string): string => text.replaceAll('HUNTER', 'hunter')
    await using it = await host({
      orchestrator: { moderation: { rules } },
      service: { texts: { message: upper } },
    })
    const { conversationId } = await it.chats.send({ identity, message: 'It is HUNTER2' })
    expect((await keptTurns(it.store, conversationId))[0]).toBe('user: It is [gone]')
  })
})
