import { describe, expect, test } from 'vitest'
import { chatApiCall, type MessageInput } from 'llm-switchyard'
import { createRandom, createPromptComposer, definePersona, type PromptInput } from 'llm-switchyard/prompts'
import { createPromptLibrary, type PromptTemplate } from 'llm-switchyard/templates'
import { fakeFetch } from 'llm-switchyard/testing'

const ada = definePersona({
  name: 'Ada',
  description: 'A mathematician.',
  systemPrompt: 'You are {{char}}, talking to {{user}}.',
  greeting: 'Good day, {{user}}.',
  alternateGreetings: ['Hm?'],
  exampleDialogue: '<START>\n{{user}}: 1+1?\n{{char}}: 2.',
})
const say = (content: string): MessageInput => ({ role: 'user', content })
const compose = (input: Partial<PromptInput>) =>
  createPromptComposer().compose({ messages: [say('Hi')], persona: ada, user: 'Bob', ...input })

describe('which system message counts', () => {
  const shaped: PromptTemplate = {
    name: 'shaped',
    system:
      '[{{ char_name }}|{{ description }}|{{ character_system_prompt }}|{{ original_system_message_from_request }}]',
  }
  const none: PromptTemplate = { name: 'none', user: '> {{ message_content }}' }
  const empty: PromptTemplate = { name: 'empty', system: '{% if missing %}never{% endif %}  ' }
  const broken: PromptTemplate = { name: 'broken', system: 'Be {{ kind' }
  const whole = 'You are Ada, talking to Bob.\nA mathematician.'
  const system = (content: string): MessageInput => ({ role: 'system', content })

  test.each<[string, Partial<PromptInput>, string | undefined]>([
    ['without a template: the request', { system: 'Be brief.' }, 'Be brief.'],
    ['the first system turn', { messages: [system('One'), say('Hi')] }, 'One'],
    ['a developer turn is one too', { messages: [{ role: 'developer', content: 'One' }, say('Hi')] }, 'One'],
    ['the request before its system turns', { system: 'Zero', messages: [system('One'), say('Hi')] }, 'Zero'],
    ['a blank one does not count', { system: ' ', messages: [system('\n'), say('Hi')] }, whole],
    [
      'all of them, joined',
      { system: 'Zero', systemTurns: 'join', messages: [system('One'), say('Hi'), system('Two')] },
      'Zero\n\nOne\n\nTwo',
    ],
    ['then the context', { contextPrompt: 'In a community.' }, 'In a community.'],
    ['then the persona', {}, whole],
    ['no instructions at all', { persona: definePersona({ name: 'Mute' }) }, undefined],
    [
      'with a template: its result',
      { template: shaped, system: 'Be brief.' },
      '[Ada|A mathematician.|You are Ada, talking to Bob.|Be brief.]',
    ],
    [
      'with nothing in the request',
      { template: shaped },
      '[Ada|A mathematician.|You are Ada, talking to Bob.|]',
    ],
    ['a blank result: the context', { template: empty, contextPrompt: 'C', system: 'Be brief.' }, 'C'],
    ['a blank result and no context: the persona', { template: empty, system: 'Be brief.' }, whole],
    ['a template without a system part is ignored', { template: none, system: 'Be brief.' }, 'Be brief.'],
    ['the passthrough is ignored', { template: 'passthrough', system: 'Be brief.' }, 'Be brief.'],
    ['a bad template: its text as it is', { template: broken }, 'Be {{ kind'],
    ['an unknown template: messages untouched', { template: 'no-such', system: 'Be brief.' }, 'Be brief.'],
    ['an attack for a name is an unknown template', { template: '../../etc/passwd' }, whole],
  ])('%s', async (_what, input, expected) => {
    const { system: result, messages } = await compose(input)
    expect(result).toBe(expected)
    expect(messages.every(({ role }) => role !== 'system' && role !== 'developer')).toBe(true)
  })

  test('warnings report what was left out', async () => {
    const several = await compose({ messages: [system('One'), system('Two'), say('Hi')] })
    expect(several.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('Only the first of 2 system messages was used'),
    ])
    expect((await compose({ template: broken })).warnings).toHaveLength(1)
    expect((await compose({ template: 'no-such', messages: [say('a'), say('b')] })).warnings).toHaveLength(1)
    expect((await compose({})).warnings).toEqual([])
  })
})

describe('what templates see and make', () => {
  const template: PromptTemplate = {
    name: 'turns',
    user: '{{ user }} to {{ char }}: {{ message_content }}',
    assistant: '{{ message_content|upper }}',
  }

  test('every text part by itself; images stay', async () => {
    const image = { type: 'image' as const, url: 'https://example.org/a.png' }
    const { messages } = await compose({
      template,
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a' }, image, { type: 'text', text: 'b' }] },
        { role: 'assistant', content: 'ok' },
        { role: 'tool', toolCallId: 'x', content: 'result' },
        say('c'),
      ],
    })
    expect(messages).toEqual([
      {
        role: 'user',
        content: [{ type: 'text', text: 'Bob to Ada: a' }, image, { type: 'text', text: 'Bob to Ada: b' }],
      },
      { role: 'assistant', content: 'OK' },
      { role: 'tool', toolCallId: 'x', content: 'result' },
      { role: 'user', content: 'Bob to Ada: c' },
    ])
  })

  // The original escaped what users wrote for HTML on its way to the model, and its default template sent single braces as they were.
  test.each([
    '<b>"Tom" & \'Jerry\'</b>',
    '{message_content}',
    '{{ 7 * 7 }}',
    '{% if %}',
    'a\n\n  b\u0000',
    '',
  ])('text goes through unchanged, and is never a template itself: %j', async (text) => {
    for (const name of ['passthrough', { name: 'plain', user: '{{ message_content }}' }])
      expect((await compose({ template: name, messages: [say(text)] })).messages).toEqual([say(text)])
  })

  test("fields of cards under all their names, overridden by the application's data, then by the chat's", async () => {
    const all: PromptTemplate = {
      name: 'all',
      system:
        '{{ first_mes }}/{{ first_message }}/{{ greeting }}/{{ version }}/{{ mood }}/{{ description }}/{{ char_name }}/{{ tags }}',
    }
    const data = { mood: 'calm', description: 'mine', char_name: 'theirs' }
    expect((await compose({ template: all, data })).system).toBe(
      'Good day, Bob./Good day, Bob./Good day, Bob./0/calm/mine/Ada/',
    )
  })

  test('no getter of the data runs', async () => {
    let ran = false
    const data = {
      get trap() {
        return (ran = true)
      },
    }
    await compose({ template: { name: 'x', system: 'x {{ char }}', user: '{{ message_content }}' }, data })
    expect(ran).toBe(false)
  })

  test('templates from a library of the application', async () => {
    const composer = createPromptComposer({
      library: createPromptLibrary({ templates: [{ name: 'mine', system: 'M' }] }),
    })
    expect((await composer.compose({ messages: [say('Hi')], template: 'mine' })).system).toBe('M')
  })
})

describe('what a persona adds', () => {
  test('greeting, example dialogue, instructions behind the history, names', async () => {
    const persona = {
      ...ada,
      name: 'Ada Lovelace',
      nickname: 'Ada',
      postHistoryInstructions: 'Stay {{char}}, <USER>.',
    }
    const { messages } = await compose({ persona, greeting: true, examples: true, nameTurns: true })
    expect(messages).toEqual([
      say('1+1?'),
      { role: 'assistant', name: 'Ada', content: '2.' },
      { role: 'assistant', name: 'Ada', content: 'Good day, Bob.' },
      say('Hi'),
      { role: 'system', content: 'Stay Ada, Bob.' },
    ])
  })

  test('a greeting once, and an alternate one', async () => {
    const spoken = [say('Hi'), { role: 'assistant' as const, content: 'Yes?' }, say('Well')]
    expect((await compose({ greeting: true, messages: spoken })).messages).toHaveLength(3)
    expect((await compose({ greeting: 1 })).messages[0]).toEqual({ role: 'assistant', content: 'Hm?' })
    expect(
      (await compose({ persona: { ...ada, postHistoryInstructions: 'x' }, postHistory: false })).messages,
    ).toEqual([say('Hi')])
  })

  test('names of turns that providers refuse are made right', async () => {
    const { messages } = await compose({
      messages: [
        { role: 'user', name: 'Bob <admin>', content: 'a' },
        { role: 'assistant', name: '<>', content: 'b' },
      ],
    })
    expect(messages.map((turn) => 'name' in turn && turn.name)).toEqual(['Bob_admin', undefined])
  })

  test('placeholders in history and prompts; the input is not changed', async () => {
    const messages = [say('{{char}}, I am {{user}}; ask {{random_user}}'), say('What is {{user}}?')]
    const before = structuredClone(messages)
    const random = createRandom(1)
    const result = await compose({
      messages,
      randomUsers: ['Eve'],
      random,
      system: 'For <USER> {{random_user}}',
    })
    expect(result).toMatchObject({
      system: 'For Bob Eve',
      messages: [say('Ada, I am Bob; ask Eve'), messages[1]],
    })
    expect(messages).toEqual(before)
  })

  test('without a persona the default one answers', async () => {
    const { system } = await createPromptComposer().compose({ messages: [say('Hi')] })
    expect(system).toContain('You are a helpful assistant')
  })
})

test('what was composed is a request', async () => {
  const fetch = fakeFetch({ text: 'Hello!' })
  const { system, messages } = await compose({ greeting: true })
  await chatApiCall({
    provider: 'anthropic',
    model: 'claude-haiku-4-5',
    apiKey: 'none',
    fetch,
    system,
    messages,
  })
  expect(fetch.log[0]?.request?.turns.map(({ role }) => role)).toContain('user')
})
