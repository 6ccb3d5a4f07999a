import { describe, expect, test } from 'vitest'
import type { MessageInput } from 'llm-switchyard'
import { sent } from './gemini-sent.ts'

const user = (content: unknown): MessageInput => ({ role: 'user', content }) as MessageInput
const call = (id: string, more: object = {}) => ({
  type: 'tool-call' as const,
  id,
  name: 'look',
  arguments: {},
  ...more,
})
const result = (toolCallId: string, content: unknown, more: object = {}): MessageInput =>
  ({ role: 'tool', toolCallId, content, ...more }) as MessageInput
const assistant = (...content: object[]): MessageInput => ({ role: 'assistant', content }) as MessageInput

describe('where it goes', () => {
  test.each([
    ['gemini-2.5-flash', 'models/gemini-2.5-flash'],
    ['models/gemini-2.5-flash', 'models/gemini-2.5-flash'],
    ['google/gemini-2.5-flash', 'models/gemini-2.5-flash'],
    ['tunedModels/mine-7', 'tunedModels/mine-7'],
    ['odd name?x', 'models/odd%20name%3Fx'],
  ])('%s', async (model, path) => {
    const { url, headers } = await sent({ model })
    expect(url).toBe(`https://generativelanguage.googleapis.com/v1beta/${path}:generateContent`)
    expect(headers['x-goog-api-key']).toBe('secret-key')
    expect(headers['authorization']).toBeUndefined()
  })

  test.each(['..', 'models/../files', 'models/', '/x'])('%j is no model', async (model) => {
    await expect(sent({ model })).rejects.toMatchObject({ kind: 'invalid-request' })
  })
})

describe('user parts', () => {
  const bytes = new Uint8Array([1, 2, 3])
  const files = 'https://generativelanguage.googleapis.com/v1beta/files/abc'
  test.each([
    ['text', { type: 'text', text: 'Hi' }, { text: 'Hi' }],
    [
      'picture bytes',
      { type: 'image', data: bytes, mediaType: 'image/png' },
      { inlineData: { mimeType: 'image/png', data: 'AQID' } },
    ],
    [
      'picture in a data URL',
      { type: 'image', url: 'data:image/webp;base64,AQID' },
      { inlineData: { mimeType: 'image/webp', data: 'AQID' } },
    ],
    [
      'picture by URL, typed by its name',
      { type: 'image', url: 'https://x.test/a.PNG?size=2' },
      { fileData: { mimeType: 'image/png', fileUri: 'https://x.test/a.PNG?size=2' } },
    ],
    [
      'picture by URL without a name',
      { type: 'image', url: 'https://x.test/a' },
      { fileData: { mimeType: 'image/jpeg', fileUri: 'https://x.test/a' } },
    ],
    [
      'file in a bucket',
      { type: 'file', url: 'gs://bucket/a.pdf' },
      { fileData: { mimeType: 'application/pdf', fileUri: 'gs://bucket/a.pdf' } },
    ],
    [
      'film by URL whose type nobody knows',
      { type: 'file', url: 'https://video.test/watch?v=1' },
      { fileData: { fileUri: 'https://video.test/watch?v=1' } },
    ],
    [
      'file bytes',
      { type: 'file', data: 'AQID', mediaType: 'application/pdf', filename: 'a.pdf' },
      { inlineData: { mimeType: 'application/pdf', data: 'AQID' } },
    ],
    [
      'uploaded file by name',
      { type: 'file', fileId: 'files/abc', mediaType: 'text/plain' },
      { fileData: { mimeType: 'text/plain', fileUri: files } },
    ],
    ['uploaded file by URI', { type: 'file', fileId: files }, { fileData: { fileUri: files } }],
    [
      'sound',
      { type: 'audio', data: 'AQID', mediaType: 'audio/wav' },
      { inlineData: { mimeType: 'audio/wav', data: 'AQID' } },
    ],
  ])('%s', async (_name, part, wire) => {
    const { body, words } = await sent({ messages: [user([part])] })
    expect(body.contents).toEqual([{ role: 'user', parts: [wire] }])
    expect(words).toEqual([])
  })

  test('the detail of a picture and the names of speakers have no field', async () => {
    const picture = { type: 'image', url: 'https://x.test/a.png', detail: 'high' }
    const { words } = await sent({
      messages: [
        { ...user([picture]), name: 'Ann' },
        { role: 'assistant', content: 'Yes', name: 'Bob' },
        user('Go on'),
      ],
    })
    expect(words).toHaveLength(2)
    expect(words.join('\n')).toMatch(/names of speakers[^]*"high"/)
  })
})

describe('turns', () => {
  test('adjacent turns of one side are one, empty ones none', async () => {
    const { body } = await sent({
      messages: [
        user('One'),
        user([{ type: 'text', text: '' }]),
        user('Two'),
        { role: 'assistant', content: 'Three' },
        { role: 'assistant', content: '' },
        { role: 'assistant', content: 'Four' },
        user('Five'),
      ],
    })
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ text: 'One' }, { text: 'Two' }] },
      { role: 'model', parts: [{ text: 'Three' }, { text: 'Four' }] },
      { role: 'user', parts: [{ text: 'Five' }] },
    ])
  })

  test('instructions stand apart; those in the middle are moved there, with a warning', async () => {
    const { body, words } = await sent({
      system: 'Be brief.',
      messages: [
        { role: 'developer', content: 'Be kind.' },
        user('Hi'),
        { role: 'system', content: 'Be quick.' },
      ],
    })
    expect(body.systemInstruction).toEqual({
      parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }, { text: 'Be quick.' }],
    })
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'Hi' }] }])
    expect(words).toEqual([expect.stringContaining('moved to its beginning')])
  })

  test('instructions alone are a user turn', async () => {
    const { body, words } = await sent({ messages: [{ role: 'system', content: 'Greet.' }] })
    expect(body.systemInstruction).toBeUndefined()
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'Greet.' }] }])
    expect(words).toHaveLength(1)
  })

  test('a model without instructions gets them in its first user turn', async () => {
    const { body, words } = await sent({ model: 'gemma-3-27b-it', system: 'Be brief.' })
    expect(body.systemInstruction).toBeUndefined()
    expect(body.contents).toEqual([{ role: 'user', parts: [{ text: 'Be brief.' }, { text: 'Hi' }] }])
    expect(words).toHaveLength(1)
  })
})

describe('answers that go back', () => {
  const back = async (content: object[], model = 'gemini-3-flash-preview') => {
    const { body, warnings } = await sent({
      model,
      messages: [user('Hi'), assistant(...content), user('Go on')],
    })
    return { parts: body.contents[1]?.parts, warnings }
  }

  test('signatures go back with text, thoughts and calls', async () => {
    const { parts } = await back([
      { type: 'reasoning', text: 'Hm.', signature: 's1', origin: 'gemini' },
      { type: 'text', text: 'Yes', signature: 's2' },
      { type: 'text', text: '', signature: 's3' },
      { type: 'text', text: '' },
    ])
    expect(parts).toEqual([
      { text: 'Hm.', thought: true, thoughtSignature: 's1' },
      { text: 'Yes', thoughtSignature: 's2' },
      { text: '', thoughtSignature: 's3' },
    ])
  })

  test('what the provider ran itself goes back as it came', async () => {
    const code = { executableCode: { language: 'PYTHON', code: '1' }, thoughtSignature: 's' }
    const outcome = { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } }
    const { parts } = await back([
      { type: 'reasoning', text: '', details: [code, outcome], origin: 'gemini' },
      { type: 'text', text: 'One' },
    ])
    expect(parts).toEqual([code, outcome, { text: 'One' }])
  })

  test.each(['anthropic-messages', undefined])('thoughts of %s are left out, said once', async (origin) => {
    const thought = { type: 'reasoning', text: 'Hm.', signature: 'foreign', details: [{ a: 1 }], origin }
    const { parts, warnings } = await back([thought, thought, { type: 'text', text: 'Yes' }])
    expect(parts).toEqual([{ text: 'Yes' }])
    expect(warnings).toEqual([{ type: 'other', message: expect.stringContaining('reasoning') as string }])
  })

  test('thoughts left out of several turns are said once', async () => {
    const thought = { type: 'reasoning', text: 'Hm.', origin: 'openai-chat' }
    const turn = assistant(thought, { type: 'text', text: 'Yes' })
    const { warnings } = await sent({ messages: [user('Hi'), turn, user('And?'), turn, user('Go on')] })
    expect(warnings).toHaveLength(1)
  })

  test('a made picture goes back as bytes', async () => {
    const { parts } = await back([{ type: 'file', mediaType: 'image/png', data: 'AQID' }], 'gemini-2.5-flash')
    expect(parts).toEqual([{ inlineData: { mimeType: 'image/png', data: 'AQID' } }])
  })

  test('where pictures need a signature, one that has none gets the stand-in', async () => {
    const { parts } = await back([{ type: 'file', mediaType: 'image/png', data: 'AQID' }])
    expect(parts).toEqual([
      {
        inlineData: { mimeType: 'image/png', data: 'AQID' },
        thoughtSignature: 'skip_thought_signature_validator',
      },
    ])
  })
})

describe('calls and results', () => {
  const turns = (calls: object[], ...results: MessageInput[]): readonly MessageInput[] => [
    user('Hi'),
    assistant(...calls),
    ...results,
  ]

  test('results of calls made together go back in one turn, under the names of their calls', async () => {
    const { body, words } = await sent({
      messages: turns(
        [call('a', { arguments: { x: 1 }, signature: 's' }), call('b', { name: 'clock', arguments: {} })],
        result('b', 'noon'),
        result('a', 'not found', { isError: true, name: 'wrong' }),
      ),
    })
    expect(body.contents.slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'a', name: 'look', args: { x: 1 } }, thoughtSignature: 's' },
          { functionCall: { id: 'b', name: 'clock', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a', name: 'look', response: { error: 'not found' } } },
          { functionResponse: { id: 'b', name: 'clock', response: { output: 'noon' } } },
        ],
      },
    ])
    expect(words).toEqual([])
  })

  test('of unsigned calls the first gets the stand-in, where the model asks for signatures', async () => {
    const messages = turns([call('a'), call('b')], result('a', '1'), result('b', '2'))
    const signatures = async (model: string) =>
      (await sent({ model, messages })).body.contents[1]?.parts.map(
        (part) => (part as { thoughtSignature?: string }).thoughtSignature,
      )
    expect(await signatures('gemini-3-flash-preview')).toEqual([
      'skip_thought_signature_validator',
      undefined,
    ])
    expect(await signatures('a-model-of-tomorrow')).toEqual(['skip_thought_signature_validator', undefined])
    expect(await signatures('gemini-2.5-flash')).toEqual([undefined, undefined])
  })

  test('each step of a loop has its own signature', async () => {
    const { body } = await sent({
      messages: [
        user('Hi'),
        assistant(call('a', { signature: 's1' })),
        result('a', '1'),
        assistant(call('b')),
        result('b', '2'),
      ],
    })
    const [first, second] = [body.contents[1], body.contents[3]]
    expect(first?.parts).toMatchObject([{ thoughtSignature: 's1' }])
    expect(second?.parts).toMatchObject([{ thoughtSignature: 'skip_thought_signature_validator' }])
  })

  test.each([
    ['nothing', null, {}],
    ['a list', [1], { arguments: [1] }],
    ['text that was no JSON', '{"a":', { arguments: '{"a":' }],
  ])('arguments that are %s are an object on the wire', async (_name, args, wire) => {
    const { body } = await sent({ messages: turns([call('a', { arguments: args })], result('a', '1')) })
    expect(body.contents[1]?.parts).toMatchObject([{ functionCall: { args: wire } }])
  })

  const picture = { type: 'image', data: 'AQID', mediaType: 'image/png' }
  const sound = { type: 'file', data: 'AQID', mediaType: 'audio/wav' }

  test('a result holds pictures and documents; other kinds, and links, follow all results', async () => {
    const link = { type: 'image', url: 'https://x.test/a.png' }
    const { body } = await sent({
      messages: turns(
        [call('a'), call('b', { name: 'hear' })],
        result('a', [{ type: 'text', text: 'Two.' }, picture, link]),
        result('b', [sound]),
      ),
    })
    expect(body.contents[2]?.parts).toEqual([
      {
        functionResponse: {
          id: 'a',
          name: 'look',
          response: { output: 'Two.' },
          parts: [{ inlineData: { mimeType: 'image/png', data: 'AQID' } }],
        },
      },
      { functionResponse: { id: 'b', name: 'hear', response: { output: 'See below.' } } },
      { text: 'Result of look:' },
      { fileData: { mimeType: 'image/png', fileUri: 'https://x.test/a.png' } },
      { text: 'Result of hear:' },
      { inlineData: { mimeType: 'audio/wav', data: 'AQID' } },
    ])
  })

  test('for earlier models every picture follows its result', async () => {
    const { body } = await sent({
      model: 'gemini-2.5-pro',
      messages: turns([call('a')], result('a', [picture])),
    })
    expect(body.contents[2]?.parts).toEqual([
      { functionResponse: { id: 'a', name: 'look', response: { output: 'See below.' } } },
      { text: 'Result of look:' },
      { inlineData: { mimeType: 'image/png', data: 'AQID' } },
    ])
  })

  test('a result that belongs to no call is a user turn; a call without a result gets one', async () => {
    const { body, warnings } = await sent({
      messages: [user('Hi'), assistant(call('a')), result('z', 'lost'), user('Go on')],
    })
    expect(body.contents[2]?.parts).toMatchObject([
      { functionResponse: { id: 'a', name: 'look', response: { error: expect.any(String) as string } } },
      { text: 'Result: lost' },
      { text: 'Go on' },
    ])
    expect(warnings.map(({ type }) => type)).toEqual(['compatibility', 'compatibility'])
  })

  test('an answer goes round unchanged', async () => {
    const reply = {
      candidates: [
        {
          content: {
            parts: [
              { text: 'Hm.', thought: true },
              { functionCall: { id: 'a', name: 'look', args: { x: 'ä' } }, thoughtSignature: 's' },
            ],
          },
          finishReason: 'STOP',
        },
      ],
    }
    const { chatApiCall } = await import('llm-switchyard')
    const fetch = async (): Promise<Response> => Response.json(reply)
    const messages = [user('Hi')]
    const first = await chatApiCall({
      provider: 'google',
      model: 'gemini-3-flash',
      apiKey: 'k',
      messages,
      fetch,
    })
    const { body } = await sent({ messages: [...messages, first.message, result('a', 'done')] })
    expect(body.contents[1]?.parts).toEqual(reply.candidates[0]?.content.parts)
  })
})
