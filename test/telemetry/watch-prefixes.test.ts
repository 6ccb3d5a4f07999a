import { defineTool } from 'llm-switchyard'
import { watchPrefixes, type PrefixBreak } from 'llm-switchyard/telemetry'
import { describe, expect, test } from 'vitest'
import { ada, host, type Hosted } from '../conversations/chat-host.ts'
import { failure } from '../failure.ts'

interface Watched extends Hosted {
  readonly found: PrefixBreak[]
}

async function watched(options: Parameters<typeof watchPrefixes>[0] = {}): Promise<Watched> {
  const found: PrefixBreak[] = []
  const stage = watchPrefixes({ onBreak: (one) => void found.push(one), ...options })
  return { ...(await host({ orchestrator: { use: [stage] } })), found }
}

const model = 'openai/gpt-4.1-mini'
const say = (content: string) => ({ role: 'user', content }) as const
const heard = (content: string) => ({ role: 'assistant', content }) as const
const tools = ['look', 'sail'].map((name) => defineTool({ name }))
const first = { model, conversationId: 'c', userId: 'ada', system: 'Be brief.', messages: [say('a')], tools }
const more = { ...first, messages: [say('a'), heard('b'), say('c')] }

describe('the prefix of a conversation', () => {
  test.each([
    ['that grows', more, undefined],
    ['that is asked again', first, undefined],
    ['of another user', { ...more, userId: 'bob', system: 'Sing.' }, undefined],
    ['of another conversation', { ...more, conversationId: 'd', system: 'Sing.' }, undefined],
    ['with another model', { ...more, model: 'openai/gpt-4.1' }, 'model'],
    ['with tools in another order', { ...more, tools: tools.toReversed() }, 'tools'],
    ['with other instructions', { ...more, system: 'It is 10:31. Be brief.' }, 'system'],
    ['with an edited message', { ...more, messages: [say('A'), heard('b'), say('c')] }, 'messages.1'],
  ] as const)('%s', async (_what, second, at) => {
    await using it = await watched()
    await it.orchestrator.chatApiCall(first)
    const reply = await it.orchestrator.chatApiCall(second)
    expect(it.found.map((one) => one.at)).toEqual(at === undefined ? [] : [at])
    expect(reply.warnings.map(({ path }) => path)).toEqual(at === undefined ? [] : [at])
  })

  test('that loses its oldest messages says so; streams, too', async () => {
    await using it = await watched()
    await it.orchestrator.chatApiCall(more)
    const messages = [say('c'), heard('d'), say('e')]
    const stream = await it.orchestrator.chatApiCall({ ...more, messages, stream: true })
    const { warnings } = await stream.response
    expect(warnings[0]?.message).toBe(
      'the cached prefix of the conversation ends before messages.1: earlier messages are left out',
    )
  })

  test('of a chat service with its defaults stays whole over turns, tools, titles and an edited persona breaks it', async () => {
    await using it = await watched()
    let conversationId: string | undefined
    for (const message of ['one', 'two', 'three']) {
      const turn = await it.chats.send({ identity: ada, message, conversationId })
      conversationId = turn.conversationId
    }
    expect(it.found).toEqual([])
    await it.chats.send({ identity: ada, message: 'four', conversationId, system: 'Sing.' })
    expect(it.found).toMatchObject([{ conversationId, at: expect.stringMatching(/^(system|messages\.0)$/) }])
  })

  test('is forgotten when too many conversations are watched', async () => {
    await using it = await watched({ maxConversations: 1 })
    await it.orchestrator.chatApiCall(first)
    await it.orchestrator.chatApiCall({ ...first, conversationId: 'd' })
    await it.orchestrator.chatApiCall({ ...first, system: 'Sing.' })
    expect(it.found).toEqual([])
  })

  test('a callback that throws harms no call; wrong options are refused', async () => {
    await using it = await watched({
      onBreak: () => {
        throw new Error('no')
      },
    })
    await it.orchestrator.chatApiCall(first)
    expect((await it.orchestrator.chatApiCall({ ...first, system: 'Sing.' })).text).not.toBe('')
    for (const options of [{ onBrake: 1 }, { maxConversations: 0 }, { onBreak: 'x' }])
      expect(await failure(() => watchPrefixes(options as never))).toMatchObject({ kind: 'misconfigured' })
  })
})
