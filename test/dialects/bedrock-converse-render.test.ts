import { type Message } from 'llm-switchyard'
import { bedrockConverse, type BedrockConverseQuirks } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { bedrock } from '../../src/providers/bedrock.ts'
import { renderWith, sendTo } from './sent.ts'

const png = 'iVBORw0KGgo='
const pdf = 'JVBERi0xLjQ='
const user: Message = { role: 'user', content: 'Hello!' }
const tools = [
  { name: 'look', description: 'Looks', parameters: { type: 'object', properties: {} } },
] as const

function messagesOf(messages: readonly Message[], quirks?: BedrockConverseQuirks): unknown {
  return renderWith(bedrockConverse, messages, quirks).body['messages']
}

/** With tools in the request: without them, calls and results are told in words. */
function withTools(messages: readonly Message[], model = 'some-model') {
  return sendTo(bedrock, { tools }, { model, messages })
}

describe('parts of a user turn', () => {
  test.each<[string, Exclude<Extract<Message, { role: 'user' }>['content'], string>, unknown[]]>([
    ['text', [{ type: 'text', text: 'Hi' }], [{ text: 'Hi' }]],
    [
      'text of white space is left out',
      [
        { type: 'text', text: ' \n' },
        { type: 'text', text: 'Hi' },
      ],
      [{ text: 'Hi' }],
    ],
    [
      'an image',
      [{ type: 'image', data: png, mediaType: 'image/png' }],
      [{ image: { format: 'png', source: { bytes: png } } }],
    ],
    [
      'an image in a data URL',
      [{ type: 'image', url: `data:image/webp;base64,${png}` }],
      [{ image: { format: 'webp', source: { bytes: png } } }],
    ],
    [
      'an image as bytes',
      [{ type: 'image', data: Uint8Array.of(1, 2, 3), mediaType: 'image/gif' }],
      [{ image: { format: 'gif', source: { bytes: 'AQID' } } }],
    ],
    [
      'an image in the vendor’s store',
      [{ type: 'image', url: 's3://bucket/a.jpg' }],
      [{ image: { format: 'jpeg', source: { s3Location: { uri: 's3://bucket/a.jpg' } } } }],
    ],
    [
      'a document beside text',
      [
        { type: 'text', text: 'Read' },
        { type: 'file', data: pdf, mediaType: 'application/pdf', filename: 'My  plan_v1 (draft).pdf' },
      ],
      [{ text: 'Read' }, { document: { format: 'pdf', name: 'My plan v1 (draft)', source: { bytes: pdf } } }],
    ],
    [
      'documents of one name',
      [
        { type: 'text', text: 'Compare' },
        { type: 'file', data: pdf, mediaType: 'application/pdf', filename: 'a.pdf' },
        { type: 'file', data: 'YQ==', mediaType: 'text/csv', filename: 'a.csv' },
        { type: 'file', data: 'YQ==', mediaType: 'application/json' },
      ],
      [
        { text: 'Compare' },
        { document: { format: 'pdf', name: 'a', source: { bytes: pdf } } },
        { document: { format: 'csv', name: 'a (2)', source: { bytes: 'YQ==' } } },
        { document: { format: 'txt', name: 'document', source: { bytes: 'YQ==' } } },
      ],
    ],
    [
      'a video',
      [{ type: 'file', data: 'YQ==', mediaType: 'video/mp4' }],
      [{ video: { format: 'mp4', source: { bytes: 'YQ==' } } }],
    ],
    [
      'sound',
      [{ type: 'audio', data: 'YQ==', mediaType: 'audio/mpeg' }],
      [{ audio: { format: 'mp3', source: { bytes: 'YQ==' } } }],
    ],
  ])('%s', (_name, content, blocks) => {
    const { body, warnings } = renderWith(bedrockConverse, [{ role: 'user', content }])
    expect(body['messages']).toEqual([{ role: 'user', content: blocks }])
    expect(warnings).toEqual([])
  })

  test.each<
    [string, Exclude<Extract<Message, { role: 'user' }>['content'], string>[number], unknown, RegExp]
  >([
    [
      'an image by URL',
      { type: 'image', url: 'https://a.test/b.png' },
      { text: 'https://a.test/b.png' },
      /as a link/,
    ],
    [
      'a file by URL',
      { type: 'file', url: 'https://a.test/b.pdf' },
      { text: 'https://a.test/b.pdf' },
      /as a link/,
    ],
    [
      'an image of an odd type',
      { type: 'image', data: png, mediaType: 'image/bmp' },
      { text: '[image left out]' },
      /image\/bmp/,
    ],
    [
      'sound of an odd type',
      { type: 'audio', data: 'YQ==', mediaType: 'audio/amr' },
      { text: '[audio left out]' },
      /audio\/amr/,
    ],
    ['a file by id', { type: 'file', fileId: 'file-1' }, undefined, /by its id/],
    ['a file of an odd type', { type: 'file', data: 'YQ==', mediaType: 'application/zip' }, undefined, /zip/],
  ])('%s comes with a warning', (_name, part, block, warning) => {
    const content = [{ type: 'text', text: 'See' } as const, part]
    const { body, warnings } = renderWith(bedrockConverse, [{ role: 'user', content }])
    const blocks = block === undefined ? [{ text: 'See' }] : [{ text: 'See' }, block]
    expect(body['messages']).toEqual([{ role: 'user', content: blocks }])
    expect(warnings).toEqual([expect.stringMatching(warning)])
  })

  test('a document alone gets some text beside it', () => {
    const content = [{ type: 'file', data: pdf, mediaType: 'application/pdf' }] as const
    const { body, warnings } = renderWith(bedrockConverse, [{ role: 'user', content }])
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { document: { format: 'pdf', name: 'document', source: { bytes: pdf } } },
          { text: 'See the document.' },
        ],
      },
    ])
    expect(warnings).toHaveLength(1)
  })
})

describe('turns', () => {
  test('alternate: neighbours of one role are one turn', () => {
    expect(
      messagesOf([user, { role: 'user', content: 'Again.' }, { role: 'assistant', content: 'Yes?' }, user]),
    ).toEqual([
      { role: 'user', content: [{ text: 'Hello!' }, { text: 'Again.' }] },
      { role: 'assistant', content: [{ text: 'Yes?' }] },
      { role: 'user', content: [{ text: 'Hello!' }] },
    ])
  })

  test('begin with the user', () => {
    const { body, warnings } = renderWith(bedrockConverse, [{ role: 'assistant', content: 'Hi.' }, user])
    expect(body['messages']).toMatchObject([{ role: 'user' }, { role: 'assistant' }, { role: 'user' }])
    expect(warnings).toEqual([expect.stringContaining('put first')])
  })

  test('without anything in them are left out', () => {
    const { body, warnings } = renderWith(bedrockConverse, [user, { role: 'assistant', content: ' ' }, user])
    expect(body['messages']).toEqual([{ role: 'user', content: [{ text: 'Hello!' }, { text: 'Hello!' }] }])
    expect(warnings).toEqual([expect.stringContaining('messages without content')])
  })

  test('of the assistant at the end lose the white space at their end', () => {
    const { body, warnings } = renderWith(bedrockConverse, [
      user,
      { role: 'assistant', content: 'The answer is ' },
    ])
    expect(body['messages']).toMatchObject([{}, { content: [{ text: 'The answer is' }] }])
    expect(warnings).toEqual([expect.stringContaining('white space')])
  })

  test('a speaker’s name is left out with a warning', () => {
    expect(renderWith(bedrockConverse, [{ ...user, name: 'Ann' }]).warnings).toEqual([
      expect.stringContaining('name'),
    ])
  })
})

describe('instructions', () => {
  const system: Message = { role: 'system', content: 'Be brief.' }
  const developer: Message = { role: 'developer', content: 'Be kind.' }

  test('stand apart, in their order', () => {
    const { body, warnings } = renderWith(bedrockConverse, [system, developer, user])
    expect(body['system']).toEqual([{ text: 'Be brief.' }, { text: 'Be kind.' }])
    expect(body['messages']).toEqual([{ role: 'user', content: [{ text: 'Hello!' }] }])
    expect(warnings).toEqual([])
  })

  test('from the middle go to the beginning, with a warning', () => {
    const { body, warnings } = renderWith(bedrockConverse, [user, system, user])
    expect(body['system']).toEqual([{ text: 'Be brief.' }])
    expect(warnings).toEqual([expect.stringContaining('moved to its beginning')])
  })

  test('none are sent where there are none, or only white space', () => {
    expect(renderWith(bedrockConverse, [{ role: 'system', content: ' ' }, user]).body).not.toHaveProperty(
      'system',
    )
  })

  test('go into the first user turn of a model that takes none apart', () => {
    const { body, warnings } = renderWith(bedrockConverse, [system, user], { systemPrompt: false })
    expect(body).toEqual({
      messages: [{ role: 'user', content: [{ text: 'Be brief.' }, { text: 'Hello!' }] }],
    })
    expect(warnings).toHaveLength(1)
  })
})

describe('tool calls and results', () => {
  const call = { type: 'tool-call', id: 'call_1', name: 'look', arguments: { at: 'sky' } } as const
  const round: Message[] = [
    user,
    {
      role: 'assistant',
      content: [{ type: 'text', text: 'Looking.' }, call, { ...call, id: 'call_2', arguments: null }],
    },
    { role: 'tool', toolCallId: 'call_1', content: 'blue' },
    { role: 'tool', toolCallId: 'call_2', content: 'dark', isError: true },
    { role: 'user', content: 'And now?' },
  ]
  const uses = [
    { text: 'Looking.' },
    { toolUse: { toolUseId: 'call_1', name: 'look', input: { at: 'sky' } } },
    { toolUse: { toolUseId: 'call_2', name: 'look', input: {} } },
  ]
  const results = [
    { toolResult: { toolUseId: 'call_1', content: [{ text: 'blue' }] } },
    { toolResult: { toolUseId: 'call_2', content: [{ text: 'dark' }], status: 'error' } },
  ]

  test('results and the next user turn are one turn', () => {
    const { body, warnings } = withTools(round)
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ text: 'Hello!' }] },
      { role: 'assistant', content: uses },
      { role: 'user', content: [...results, { text: 'And now?' }] },
    ])
    expect(warnings).toEqual([])
  })

  test('results are kept apart, as JSON and with short ids, where the model wants that', () => {
    const { body, warnings } = withTools(round, 'mistral.mistral-large-2407-v1:0')
    const ids = [...JSON.stringify(body).matchAll(/"toolUseId":"([A-Za-z0-9]{9})"/g)].map(([, id]) => id)
    expect(ids).toHaveLength(4)
    const [first, second] = ids
    expect(first).not.toBe(second)
    expect(body['messages']).toMatchObject([
      { role: 'user' },
      { content: [{}, { toolUse: { toolUseId: first } }, { toolUse: { toolUseId: second } }] },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: first, content: [{ json: { result: 'blue' } }] } },
          { toolResult: { toolUseId: second, status: 'error' } },
        ],
      },
      { role: 'assistant', content: [{ text: '.' }] },
      { role: 'user', content: [{ text: 'And now?' }] },
    ])
    expect(warnings).toEqual([expect.stringContaining('between tool results and the next user message')])
  })

  test('a failure is told in words where results have no status', () => {
    const { body } = withTools(round, 'writer.palmyra-x5-v1:0')
    const told = { toolResult: { toolUseId: 'call_2', content: [{ text: 'Error:' }, { text: 'dark' }] } }
    expect(body['messages']).toMatchObject([{}, {}, { content: [results[0], told] }, {}, {}])
  })

  test('a result holds images and documents too, and is never empty', () => {
    const image = { type: 'image', data: png, mediaType: 'image/png' } as const
    const asked: Message = { role: 'assistant', content: [call, { ...call, id: 'call_2' }] }
    const content = [{ type: 'text', text: 'seen' } as const, image]
    const { body } = withTools([
      user,
      asked,
      { role: 'tool', toolCallId: 'call_1', content },
      { role: 'tool', toolCallId: 'call_2', content: '' },
    ])
    expect(body['messages']).toMatchObject([
      {},
      {},
      {
        content: [
          {
            toolResult: { content: [{ text: 'seen' }, { image: { format: 'png', source: { bytes: png } } }] },
          },
          { toolResult: { content: [{ text: 'The tool gave no output.' }] } },
        ],
      },
    ])
  })

  test('ids of other forms are renamed, the same on both sides', () => {
    const odd = { ...call, id: 'functions.look:0' }
    const messages: Message[] = [
      user,
      { role: 'assistant', content: [odd] },
      { role: 'tool', toolCallId: odd.id, content: 'blue' },
    ]
    const { body } = withTools(messages)
    const [id] = /tooluse_[a-z0-9]{14}/.exec(JSON.stringify(body)) ?? []
    expect(body['messages']).toMatchObject([
      {},
      { content: [{ toolUse: { toolUseId: id } }] },
      { content: [{ toolResult: { toolUseId: id } }] },
    ])
    expect(id).toBeDefined()
    expect(withTools(messages, 'moonshot.kimi-k2-thinking').body['messages']).toMatchObject([
      {},
      { content: [{ toolUse: { toolUseId: 'functions.look:0' } }] },
      { content: [{ toolResult: { toolUseId: 'functions.look:0' } }] },
    ])
  })

  test.each([{}, { tools, toolChoice: 'none' as const }])(
    'without tools to call (%j) they are told in words',
    (settings) => {
      const { body, warnings } = sendTo(bedrock, settings, { model: 'm', messages: round })
      expect(body).not.toHaveProperty('toolConfig')
      expect(JSON.stringify(body)).not.toMatch(/toolUse|toolResult/)
      expect(body['messages']).toEqual([
        { role: 'user', content: [{ text: 'Hello!' }] },
        {
          role: 'assistant',
          content: [
            { text: 'Looking.' },
            { text: '(Called look with {"at":"sky"})' },
            { text: '(Called look with null)' },
          ],
        },
        {
          role: 'user',
          content: [
            { text: 'Result of look: blue' },
            { text: 'Failed result of look: dark' },
            { text: 'And now?' },
          ],
        },
      ])
      expect(warnings).toEqual([expect.stringContaining('sent as text')])
    },
  )
})
