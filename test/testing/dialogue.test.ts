import { defineTool } from 'llm-switchyard'
import { dialogue } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { ada, host } from '../conversations/chat-host.ts'
import { failure } from '../failure.ts'

const look = defineTool({ name: 'look', execute: () => 'a boat' })
const script = dialogue(
  'Hello.',
  [
    { toolCalls: [{ name: 'look', arguments: {} }] },
    { toolCalls: [{ name: 'look', arguments: {} }] },
    'A boat.',
  ],
  ['Bye.'],
)

describe('a scripted dialogue', () => {
  test('goes by user messages and their steps, also when an answer is regenerated and chats run at once', async () => {
    await using it = await host({ script })
    const talk = async (): Promise<readonly string[]> => {
      const said: string[] = []
      let conversationId: string | undefined
      for (const message of ['Hi', 'Look', 'Thanks']) {
        const turn = await it.chats.send({ identity: ada, message, conversationId, tools: [look] })
        conversationId = turn.conversationId
        said.push(turn.content)
        if (message !== 'Look') continue
        const again = await it.chats.regenerate({ identity: ada, conversationId, tools: [look] })
        said.push(again.content)
      }
      return said
    }
    const said = ['Hello.', 'A boat.', 'A boat.', 'Bye.']
    expect(await Promise.all([talk(), talk(), talk()])).toEqual([said, said, said])
  })

  test.each([
    ['a message', dialogue('Hello.'), 'the dialogue has 1 user messages, and this is number 2'],
    [
      'a step',
      dialogue('Hello.', [{ toolCalls: [{ name: 'look', arguments: {} }] }]),
      'the dialogue has 1 steps for user message 2, and this is step 2',
    ],
  ])('%s beyond its end is an error that says so', async (_what, short, message) => {
    await using it = await host({ script: short })
    const { conversationId } = await it.chats.send({ identity: ada, message: 'Hi', tools: [look] })
    const more = it.chats.send({ identity: ada, message: 'More', conversationId, tools: [look] })
    expect((await failure(more)).message).toContain(message)
  })

  test('a reply that is none fails at the definition', async () => {
    expect(await failure(() => dialogue({ txt: 'Hello' } as never))).toMatchObject({ kind: 'misconfigured' })
    expect(await failure(() => dialogue(['Hi', 5 as never]))).toMatchObject({ kind: 'misconfigured' })
  })
})
