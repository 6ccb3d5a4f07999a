import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { until } from '../http/gateway.ts'
import { leavesAtOnce, serveExample, sharedGateway, type ServedGateway } from './served.ts'

const gateway = sharedGateway()
const clientOf = ({ url }: Pick<ServedGateway, 'url'>): OpenAI =>
  new OpenAI({ apiKey: 'any', baseURL: `${url}/v1`, maxRetries: 0 })
const weather = {
  type: 'function' as const,
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
}

describe('the openai client on responses', () => {
  test('a whole answer, and the call and result that follow it', async () => {
    const served = gateway(({ toolResults }) =>
      toolResults.length === 0
        ? { text: 'Let me see.', toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] }
        : `It is ${toolResults[0]?.text}.`,
    )
    const client = clientOf(served)
    const first = await client.responses.create({
      model: 'fast',
      instructions: 'Be brief.',
      input: 'How is the weather in Oslo?',
      tools: [weather],
    })
    const call = first.output.find((item) => item.type === 'function_call')
    expect(first).toMatchObject({ status: 'completed', output_text: 'Let me see.' })
    expect(call).toMatchObject({ name: 'get_weather', arguments: '{"city":"Oslo"}' })
    const second = await client.responses.create({
      model: 'fast',
      input: [
        { role: 'user', content: 'How is the weather in Oslo?' },
        ...(first.output as OpenAI.Responses.ResponseInputItem[]),
        { type: 'function_call_output', call_id: call?.call_id ?? '', output: 'mild' },
      ],
      tools: [weather],
    })
    expect(second.output_text).toBe('It is mild.')
    expect(second.usage?.total_tokens).toBeGreaterThan(0)
    expect(served.log()[0]?.request?.system).toContain('Be brief.')
    expect(served.log()[1]?.request?.turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
  })

  test('raw events are numbered and end with response.completed', async () => {
    const served = gateway({ text: ['Hel', 'lo'] })
    const stream = await clientOf(served).responses.create({ model: 'fast', input: 'Hi', stream: true })
    const events = []
    for await (const event of stream) events.push(event)
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()])
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { status: 'completed' } })
    const deltas = events.flatMap((event) =>
      event.type === 'response.output_text.delta' ? [event.delta] : [],
    )
    expect(deltas.join('')).toBe('Hello')
  })

  test('the stream helper, with a thought and two calls', async () => {
    const served = gateway({
      reasoning: 'Two cities.',
      text: 'Looking.',
      toolCalls: ['Oslo', 'Bergen'].map((city) => ({ name: 'get_weather', arguments: { city } })),
    })
    const stream = clientOf(served).responses.stream({ model: 'fast', input: 'Hi', tools: [weather] })
    const final = await stream.finalResponse()
    expect(final.output_text).toBe('Looking.')
    const calls = final.output.filter((item) => item.type === 'function_call')
    expect(calls.map((item) => item.arguments)).toEqual(['{"city":"Oslo"}', '{"city":"Bergen"}'])
  })

  test('pictures, files and a schema arrive upstream', async () => {
    const served = gateway('{"ok":true}')
    await clientOf(served).responses.create({
      model: 'fast',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
            { type: 'input_file', file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' },
          ],
        },
      ],
      max_output_tokens: 77,
      text: { format: { type: 'json_schema', name: 'answer', schema: { type: 'object' }, strict: false } },
    })
    const seen = served.log()[0]?.request
    expect(seen?.turns[0]?.media.map(({ type }) => type)).toEqual(['image', 'file'])
    expect(seen?.settings).toMatchObject({ maxTokens: 77, responseFormat: { type: 'json' } })
  })

  test('what would need storage is refused with its name', async () => {
    const served = gateway('no')
    const refused = clientOf(served).responses.create({
      model: 'fast',
      input: 'Hi',
      previous_response_id: 'resp_1',
    })
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'previous_response_id' })
    expect(served.log()).toHaveLength(0)
  })

  test('errors before and inside the stream', async () => {
    const refusing = gateway({ error: 'rate-limited' })
    const refused = clientOf(refusing).responses.create({ model: 'fast', input: 'Hi', stream: true })
    await expect(refused).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    const breaking = gateway({ text: 'one two three', chaos: { type: 'cut', at: 'middle' } })
    const stream = await clientOf(breaking).responses.create({ model: 'fast', input: 'Hi', stream: true })
    const events = []
    for await (const event of stream) events.push(event)
    expect(events.at(-1)).toMatchObject({ type: 'response.failed', response: { status: 'failed' } })
  })

  test('an abort ends the upstream within 100 ms, streamed and whole', async () => {
    const served = gateway({ text: 'one two three', pacing: { firstMs: 20, betweenMs: 3_000 } })
    const stream = await clientOf(served).responses.create({ model: 'fast', input: 'Hi', stream: true })
    for await (const event of stream) if (event.type === 'response.output_text.delta') break
    await leavesAtOnce(served, () => stream.controller.abort())
    const slow = gateway({ text: 'late', pacing: { firstMs: 5_000 } })
    const leaver = new AbortController()
    const call = clientOf(slow)
      .responses.create({ model: 'fast', input: 'Hi' }, { signal: leaver.signal })
      .catch((error: unknown) => error)
    await until(() => slow.log().length > 0)
    await leavesAtOnce(slow, () => leaver.abort())
    expect(await call).toBeInstanceOf(OpenAI.APIUserAbortError)
  })
})

describe('the openai client on models and embeddings', () => {
  test('the list of models, and one of them', async () => {
    const client = clientOf(gateway(''))
    const ids = []
    for await (const { id } of client.models.list()) ids.push(id)
    expect(ids).toEqual(['fast', 'thoughtful', 'embed'])
    expect(await client.models.retrieve('fast')).toMatchObject({ id: 'fast', owned_by: 'openai' })
    expect(await client.models.retrieve('openai/gpt-x')).toMatchObject({ id: 'openai/gpt-x' })
    await expect(client.models.retrieve('nowhere')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })

  test('embeddings as numbers and as base64 are the same, over the example without any key', async () => {
    await using served = await serveExample('openai-gateway/main.ts')
    const client = clientOf(served)
    const input = ['switch', 'yard']
    const unsaid = await client.embeddings.create({ model: 'embed', input })
    const numbers = await client.embeddings.create({ model: 'embed', input, encoding_format: 'float' })
    const base64 = await client.embeddings.create({ model: 'embed', input, encoding_format: 'base64' })
    const vectors = numbers.data.map(({ embedding }) => embedding)
    expect(vectors).toHaveLength(2)
    expect(vectors[0]).toHaveLength(8)
    expect(unsaid.data[1]?.embedding).toEqual(vectors[1]?.map(Math.fround))
    const coded = base64.data[0]?.embedding as unknown
    const bytes = Buffer.from(String(coded), 'base64')
    const decoded = Array.from({ length: 8 }, (_none, at) => bytes.readFloatLE(at * 4))
    expect(decoded).toEqual(vectors[0]?.map(Math.fround))
    expect(numbers.usage.prompt_tokens).toBe(2)
    const chat = await client.chat.completions.create({
      model: 'fast',
      messages: [{ role: 'user', content: 'Hello!' }],
    })
    expect(chat.choices[0]?.message.content).toContain('You said "Hello!"')
  })
})
