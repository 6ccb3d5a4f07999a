import { type Message } from 'llm-switchyard'
import { bedrockConverse, type BedrockConverseQuirks } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { renderWith } from './sent.ts'

const user: Message = { role: 'user', content: 'Hello!' }

describe('reasoning', () => {
  const own = { type: 'reasoning', origin: 'bedrock-converse' } as const
  const thoughts: Message = {
    role: 'assistant',
    content: [
      { ...own, text: 'Two halves.', signature: 'c2ln' },
      { ...own, text: '', encrypted: 'c2VhbA==' },
      { type: 'text', text: 'One.' },
    ],
  }

  test('goes back as it came', () => {
    const { body, warnings } = renderWith(bedrockConverse, [user, thoughts, user])
    expect(body['messages']).toMatchObject([
      {},
      {
        content: [
          { reasoningContent: { reasoningText: { text: 'Two halves.', signature: 'c2ln' } } },
          { reasoningContent: { redactedContent: 'c2VhbA==' } },
          { text: 'One.' },
        ],
      },
      {},
    ])
    expect(warnings).toEqual([])
  })

  test.each<[string, Message, BedrockConverseQuirks]>([
    [
      'without a signature',
      {
        role: 'assistant',
        content: [
          { ...own, text: 'Hm.' },
          { type: 'text', text: 'One.' },
        ],
      },
      {},
    ],
    [
      'of another dialect',
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.', signature: 'x', origin: 'anthropic-messages' },
          { type: 'text', text: 'One.' },
        ],
      },
      {},
    ],
    ['to a model that takes none', thoughts, { thoughtsBack: false }],
  ])('%s stays behind, with a warning', (_name, message, quirks) => {
    const { body, warnings } = renderWith(bedrockConverse, [user, message, user], quirks)
    expect(body['messages']).toMatchObject([{}, { content: [{ text: 'One.' }] }, {}])
    expect(warnings).toEqual([expect.stringContaining('not sent back')])
  })
})
