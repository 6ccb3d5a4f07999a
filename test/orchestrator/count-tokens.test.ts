import {
  chatApiCall,
  countTokens,
  createOrchestrator,
  type ChatRequest,
  type Transport,
} from 'llm-switchyard'
import { estimateTokens, type HttpRequest } from 'llm-switchyard/adapter'
import { createChatService } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { describe, expect, test } from 'vitest'
import { noting } from '../providers/sent.ts'

const request = {
  apiKey: 'key',
  system: 'Be short.',
  messages: [{ role: 'user' as const, content: 'How many tokens are these?' }],
  tools: [{ name: 'look', parameters: { type: 'object', properties: {} } }],
}

function replying(reply: unknown, requests: HttpRequest[]): Transport {
  return {
    send: async (sent) => {
      requests.push(sent)
      let bytes: Uint8Array | null = new TextEncoder().encode(JSON.stringify(reply))
      const read = async (): Promise<Uint8Array | null> => {
        const piece = bytes
        bytes = null
        return piece
      }
      return { status: 200, header: () => undefined, body: { read, cancel: () => undefined } }
    },
  }
}

async function counted(more: Partial<ChatRequest>, reply: unknown) {
  const requests: HttpRequest[] = []
  const count = await countTokens({ ...request, ...more, transport: replying(reply, requests) })
  const [sent] = requests
  return { count, url: sent?.url, body: JSON.parse(sent?.body ?? 'null') }
}

/** Each vendor's endpoint: where it is, what goes there besides the conversation, and what comes back. */
const endpoints: readonly (readonly [
  string,
  Partial<ChatRequest>,
  string,
  unknown,
  (body: never) => unknown,
])[] = [
  [
    'Anthropic',
    { model: 'anthropic/claude-opus-4-8', maxTokens: 5, reasoning: 'low' },
    'https://api.anthropic.com/v1/messages/count_tokens',
    { input_tokens: 7 },
    (body: object) => Object.keys(body).toSorted(),
  ],
  [
    'Anthropic by Vertex AI',
    { provider: 'vertex', api: 'anthropic', model: 'claude-opus-4-8', variables: { project: 'p' } },
    'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic/models/count-tokens:rawPredict',
    { input_tokens: 7 },
    ({ model }: { model: string }) => model,
  ],
  [
    'OpenAI, asked over chat completions',
    { model: 'openai/gpt-4.1', temperature: 1, maxTokens: 5 },
    'https://api.openai.com/v1/responses/input_tokens',
    { object: 'response.input_tokens', input_tokens: 7 },
    (body: object) => Object.keys(body).toSorted(),
  ],
  [
    'Gemini',
    { model: 'google/gemini-2.5-flash' },
    'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:countTokens',
    { totalTokens: 7 },
    ({ generateContentRequest: { model } }: { generateContentRequest: { model: string } }) => model,
  ],
  [
    'Gemini by Vertex AI',
    { model: 'vertex/gemini-2.5-flash', variables: { project: 'p' } },
    'https://aiplatform.googleapis.com/v1beta1/projects/p/locations/global/publishers/google/models/gemini-2.5-flash:countTokens',
    { totalTokens: 7 },
    (body: object) => Object.keys(body).toSorted(),
  ],
  [
    'Bedrock',
    { model: 'bedrock/amazon.nova-pro-v1:0', maxTokens: 5, variables: { region: 'us-east-1' } },
    'https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-pro-v1%3A0/count-tokens',
    { inputTokens: 7 },
    ({ input: { converse } }: { input: { converse: object } }) => Object.keys(converse).toSorted(),
  ],
  [
    'Claude in its own format on Bedrock',
    {
      provider: 'bedrock',
      api: 'invoke',
      model: 'anthropic.claude-opus-4-8',
      variables: { region: 'us-east-1' },
    },
    'https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-opus-4-8/count-tokens',
    { inputTokens: 7 },
    ({ input: { invokeModel } }: { input: { invokeModel: { body: string } } }) =>
      Object.keys(JSON.parse(atob(invokeModel.body)) as object).includes('messages'),
  ],
]
const expected: Readonly<Record<string, unknown>> = {
  Anthropic: ['messages', 'model', 'output_config', 'system', 'thinking', 'tools'],
  'Anthropic by Vertex AI': 'claude-opus-4-8',
  'OpenAI, asked over chat completions': ['input', 'model', 'tools'],
  Gemini: 'models/gemini-2.5-flash',
  'Gemini by Vertex AI': ['contents', 'systemInstruction', 'tools'],
  Bedrock: ['messages', 'system', 'toolConfig'],
  'Claude in its own format on Bedrock': true,
}

describe('countTokens', () => {
  test.each(endpoints)('%s: its endpoint is asked', async (...row) => {
    const [name, more, url, reply, pick] = row
    const { count, ...sent } = await counted(more, reply)
    expect(sent.url).toBe(url)
    expect(pick(sent.body as never)).toEqual(expected[name])
    expect(count).toMatchObject({ inputTokens: 7, estimated: false, attempts: [{}] })
  })

  test.each(['groq/llama-3.3-70b-versatile', 'ollama/llama3', 'azure/gpt-4.1', 'xai/grok-4.6'])(
    '%s: estimated, and nothing is sent',
    async (model) => {
      const { count, url } = await counted({ model }, {})
      expect(url).toBeUndefined()
      expect(count).toMatchObject({ estimated: true, attempts: [] })
      expect(count.inputTokens).toBeGreaterThan(10)
    },
  )

  test('OpenAI at an address of the caller is estimated, because other servers do not count', async () => {
    const { count } = await counted({ model: 'openai/gpt-4.1', baseUrl: 'http://localhost:1/v1' }, {})
    expect(count.estimated).toBe(true)
  })

  test('an answer without a number is malformed', async () => {
    await expect(counted({ model: 'anthropic/claude-opus-4-8' }, {})).rejects.toMatchObject({
      kind: 'reply-malformed',
    })
  })

  test('a request that is not valid is refused', async () => {
    await expect(countTokens({ model: 'groq/m', messages: [] })).rejects.toMatchObject({
      kind: 'invalid-request',
    })
  })
})

describe('one estimator for everything', () => {
  const thousand = (text: string): number => (text === '' ? 0 : 1_000)

  test('counts, limits, usage that is not reported, and the window of a chat', async () => {
    const requests: HttpRequest[] = []
    const orchestrator = createOrchestrator({
      estimateTokens: thousand,
      limits: { global: { tokensPerMinute: 1_500 } },
      providers: { groq: { apiKey: 'key' } },
      transport: noting(requests),
    })
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    const call = { model: 'groq/m', messages, maxTokens: 1 }
    expect((await orchestrator.countTokens(call)).inputTokens).toBe(1_004)
    expect(orchestrator.estimateTokens('Hi')).toBe(1_000)
    const { usage } = await orchestrator.chatApiCall({ ...call, stream: false })
    expect(usage).toMatchObject({ inputTokens: 1_004, outputTokens: 1_000, estimated: true })
    await expect(orchestrator.chatApiCall(call)).rejects.toMatchObject({ kind: 'limit-exceeded' })
  })

  test('the window of a chat', async () => {
    const requests: HttpRequest[] = []
    const orchestrator = createOrchestrator({
      estimateTokens: thousand,
      providers: { groq: { apiKey: 'key' } },
      transport: noting(requests),
    })
    const chat = createChatService({
      orchestrator,
      store: createMemoryStore(),
      defaults: { model: 'groq/m' },
      window: { contextWindow: 3_500, answerTokens: 100 },
    })
    const { conversationId } = await chat.send({ identity: { userId: 'u' }, message: 'one' })
    for (const text of ['two', 'three', 'four'])
      await chat.send({ identity: { userId: 'u' }, conversationId, message: text })
    const { messages } = JSON.parse(requests.at(-1)?.body ?? '') as { messages: readonly unknown[] }
    expect(messages).toHaveLength(3)
  })

  test('the default is that of the adapter', async () => {
    expect(createOrchestrator().estimateTokens('How are you?')).toBe(estimateTokens('How are you?'))
    const { usage } = await chatApiCall({ ...request, provider: 'groq', model: 'm', transport: noting([]) })
    expect(usage.estimated).toBe(true)
  })
})
