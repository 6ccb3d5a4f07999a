import { describe, expect, onTestFinished, test } from 'vitest'
import { createOrchestrator, LlmError, type ChatRequest, type OrchestratorOptions } from 'llm-switchyard'
import { createChatService } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createFakeProvider, type FakeReply } from 'llm-switchyard/testing'

const request = {
  model: 'openai/gpt-4.1-mini',
  messages: [{ role: 'user', content: 'Hi' }],
  requestId: 'mine',
} as const satisfies ChatRequest

async function yard(reply: FakeReply, options: OrchestratorOptions = {}) {
  const fake = await createFakeProvider({ script: () => reply })
  const providers = { openai: { apiKey: 'k', baseUrl: fake.baseUrl('openai-chat') } }
  const orchestrator = createOrchestrator({ providers, ...options })
  onTestFinished(async () => {
    await orchestrator.close({ drainMs: 0 })
    await fake.close()
  })
  return { orchestrator, fake }
}

const caught = (of: Promise<unknown>): Promise<LlmError> =>
  of.then(
    () => expect.unreachable('it should fail'),
    (error: unknown) => (LlmError.is(error) ? error : expect.unreachable(String(error))),
  )

const failures: Readonly<
  Record<string, [reply: FakeReply, options?: OrchestratorOptions, fromProvider?: boolean]>
> = {
  'a refusal of the provider': [{ error: 'invalid-request' }, {}, true],
  'a failure of the provider': [{ error: 'server-failed' }, {}, true],
  'a failure with retries': [{ error: 'server-failed' }, { retry: { attempts: 2, backoffMs: 1 } }, true],
  'a cut connection': [{ text: 'Hello there', chaos: { type: 'cut', at: 'middle' } }, {}, true],
  'a limit': [{ text: 'x' }, { limits: { global: { tokensPerMinute: 1 } } }],
  'a moderation rule': [{ text: 'x' }, { moderation: { rules: 'Hi -> block' } }],
  'no provider': [{ text: 'x' }, { providers: { openai: { apiKey: 'k', baseUrl: 'http://127.0.0.1:9' } } }],
  'no key': [{ text: 'x' }, { providers: { openai: { apiKey: () => '' } } }],
}

describe.each(Object.entries(failures))('after %s', (_name, [reply, options, fromProvider = false]) => {
  test.each([true, false])('the error carries the id of the caller (streamed: %s)', async (stream) => {
    const { orchestrator } = await yard(reply, options)
    const read = async (): Promise<unknown> =>
      stream
        ? (await orchestrator.chatApiCall({ ...request, stream: true })).response
        : orchestrator.chatApiCall(request)
    const error = await caught(read())
    expect(error.requestId).toBe('mine')
    expect(error.providerRequestId).toEqual(fromProvider ? expect.stringMatching(/^req_fake/) : undefined)
    expect(error.toJSON()['requestId']).toBe('mine')
  })

  test('the error of a turn carries the id under which it can be repeated', async () => {
    const { orchestrator } = await yard(reply, options)
    const defaults = { model: request.model }
    const chats = createChatService({ orchestrator, store: createMemoryStore(), defaults })
    const identity = { userId: 'u' }
    expect((await caught(chats.send({ identity, message: 'Hi', requestId: 'mine' }))).requestId).toBe('mine')
    const made = await caught(chats.send({ identity, message: 'Hi' }))
    expect(made.requestId).toMatch(/^req_/)
    expect(made.requestId).not.toMatch(/^req_fake/)
    const streamed = await caught(
      chats.stream({ identity, message: 'Hi', requestId: 'yours' }).then((stream) => stream.turn),
    )
    expect(streamed.requestId).toBe('yours')
    await chats.settled()
  })
})

test('an answer carries both ids, and a made one', async () => {
  const { orchestrator } = await yard({ text: 'Hello' })
  const whole = await orchestrator.chatApiCall(request)
  const stream = await orchestrator.chatApiCall({ ...request, stream: true })
  for (const response of [whole, await stream.response]) {
    expect(response.requestId).toBe('mine')
    expect(response.providerRequestId).toMatch(/^req_fake/)
  }
  const { requestId: _own, ...unnamed } = request
  expect((await orchestrator.chatApiCall(unnamed)).requestId).toMatch(/^req_/)
})

test('a failed turn is repeated under the id of its error: one question, one answer', async () => {
  let fails = true
  const fake = await createFakeProvider({
    script: () => (fails ? { error: 'server-failed' } : { text: 'Hello' }),
  })
  await using orchestrator = createOrchestrator({
    providers: { openai: { apiKey: 'k', baseUrl: fake.baseUrl('openai-chat') } },
  })
  onTestFinished(() => fake.close())
  const chats = createChatService({
    orchestrator,
    store: createMemoryStore(),
    defaults: { model: request.model },
  })
  const identity = { userId: 'u' }
  const { id: conversationId } = await chats.create({ identity })
  const { requestId } = await caught(chats.send({ identity, conversationId, message: 'Hi' }))
  fails = false
  await chats.send({ identity, conversationId, message: 'Hi', requestId })
  const { items } = await chats.history({ identity, conversationId })
  expect(items.map(({ role }) => role)).toEqual(['user', 'assistant'])
})
