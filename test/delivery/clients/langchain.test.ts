import { HumanMessage, ToolMessage } from '@langchain/core/messages'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { describe, expect, test } from 'vitest'
import { until } from '../http/gateway.ts'
import { leavesAtOnce, serveExample, sharedGateway, type ServedGateway } from './served.ts'

const gateway = sharedGateway()
const modelOf = ({ url }: ServedGateway): ChatOpenAI =>
  new ChatOpenAI({ model: 'fast', apiKey: 'any', maxRetries: 0, configuration: { baseURL: `${url}/v1` } })
const tool = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

describe('ChatOpenAI of LangChain.js', () => {
  test('invoke with usage', async () => {
    const served = gateway({ text: 'Hello there', usage: { inputTokens: 7, outputTokens: 2 } })
    const answer = await modelOf(served).invoke('Hi')
    expect(answer.text).toBe('Hello there')
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 7, output_tokens: 2 })
  })

  test('stream', async () => {
    const served = gateway({ text: ['Hel', 'lo'], usage: { inputTokens: 7, outputTokens: 2 } })
    let text = ''
    let tokens = 0
    for await (const chunk of await modelOf(served).stream('Hi')) {
      text += chunk.text
      tokens = Math.max(tokens, chunk.usage_metadata?.total_tokens ?? 0)
    }
    expect(text).toBe('Hello')
    expect(tokens).toBe(9)
  })

  test('a tool call and its result', async () => {
    const served = gateway(({ toolResults }) =>
      toolResults.length === 0
        ? { toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] }
        : `It is ${toolResults[0]?.text}.`,
    )
    const model = modelOf(served).bindTools([tool])
    const question = new HumanMessage('How is the weather in Oslo?')
    const asked = await model.invoke([question])
    expect(asked.tool_calls).toMatchObject([{ name: 'get_weather', args: { city: 'Oslo' } }])
    const result = new ToolMessage({ content: 'mild', tool_call_id: asked.tool_calls?.[0]?.id ?? '' })
    expect((await model.invoke([question, asked, result])).text).toBe('It is mild.')
  })

  test('an error, and an abort that the upstream sees within 100 ms', async () => {
    await expect(modelOf(gateway({ error: 'rate-limited' })).invoke('Hi')).rejects.toMatchObject({
      status: 429,
    })
    const served = gateway({ text: 'one two', pacing: { firstMs: 5_000 } })
    const leaver = new AbortController()
    const call = modelOf(served)
      .invoke('Hi', { signal: leaver.signal })
      .catch((error: unknown) => error)
    await until(() => served.log().length > 0)
    await leavesAtOnce(served, () => leaver.abort())
    expect(await call).toBeInstanceOf(Error)
  })

  test('embeddings', async () => {
    await using served = await serveExample('openai-gateway/main.ts')
    const embeddings = new OpenAIEmbeddings({
      model: 'embed',
      apiKey: 'any',
      configuration: { baseURL: `${served.url}/v1` },
    })
    const [first, second] = await embeddings.embedDocuments(['aab', 'b'])
    // Two letters, one twice: two places of a vector of length 1.
    const filled = first?.filter((value) => value !== 0).map((value) => value.toFixed(3))
    expect(filled?.toSorted()).toEqual(['0.447', '0.894'])
    expect(second?.filter((value) => value !== 0)).toEqual([1])
  })
})
