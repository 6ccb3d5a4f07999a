import { chatApiCall, defineTool, type ChatRequest, type MessageInput } from 'llm-switchyard'
import { createFakeProvider, type FakeRequest, type ScriptedReply } from 'llm-switchyard/testing'
import { bold, dim, good, line, play, section, showError, usageText } from './terminal.ts'

const FORMATS = [
  { provider: 'openai', dialect: 'openai-chat', model: 'gpt-4.1-mini' },
  { provider: 'anthropic', dialect: 'anthropic-messages', model: 'claude-haiku-4-5' },
  { provider: 'google', dialect: 'gemini', model: 'gemini-2.5-flash' },
] as const
type Format = (typeof FORMATS)[number]

/** What a newcomer wants to see, against the fake provider: real HTTP on this machine, no key, no cost. */
export async function tour(): Promise<void> {
  await using fake = await createFakeProvider({ script: answer })
  const at = ({
    provider,
    dialect,
    model,
  }: Format): Pick<ChatRequest, 'provider' | 'model' | 'baseUrl' | 'apiKey'> => ({
    provider,
    model,
    baseUrl: fake.baseUrl(dialect),
    apiKey: 'no-key-needed',
  })
  console.log(bold('Switchyard: one call, any provider.'), dim(`The fake provider listens on ${fake.url}.`))
  const [openai, anthropic, google] = FORMATS
  await sameCall(at)
  await toolRoundTrip(at(anthropic))
  await reasoning(at(google))
  await missingParameter(at(anthropic))
  await providerErrors(at(openai))
  await cutStream(at(openai))
  console.log(
    `\n${good('That was the tour.')} ${fake.log.length} requests, all answered on this machine. Next: README.md, or a real provider:`,
  )
  console.log(
    dim('   GROQ_API_KEY=… npm run demo -- --model groq/llama-3.3-70b-versatile "Why is the sky blue?"'),
  )
}

type Access = Pick<ChatRequest, 'provider' | 'model' | 'baseUrl' | 'apiKey'>

async function sameCall(at: (format: Format) => Access): Promise<void> {
  section(
    'The same call over three wire formats',
    "chatApiCall({ provider, model, messages: [{ role: 'user', content: 'Hello!' }], stream: true })",
  )
  for (const format of FORMATS) {
    const stream = await chatApiCall({
      ...at(format),
      messages: [{ role: 'user', content: 'Hello!' }],
      stream: true,
    })
    await play(format.provider, stream)
    const { usage, finishReason } = await stream.response
    line('', dim(`${usageText(usage)}, finish: ${finishReason}`))
  }
}

async function toolRoundTrip(access: Access): Promise<void> {
  section(
    'A tool call, and its round trip',
    'const reply = await chatApiCall({ …, tools: [weather] })',
    'messages.push(reply.message, { role: "tool", toolCallId, content: result })',
  )
  const weather = defineTool({
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  })
  const messages: MessageInput[] = [{ role: 'user', content: 'What is the weather in Oslo?' }]
  const first = await chatApiCall({ ...access, messages, tools: [weather] })
  messages.push(first.message)
  for (const { id, name, arguments: args } of first.toolCalls) {
    line('model asks', `${name}(${JSON.stringify(args)})`)
    line('we answer', '{"celsius":7,"sky":"clear"}')
    messages.push({ role: 'tool', toolCallId: id, content: { celsius: 7, sky: 'clear' } })
  }
  const second = await chatApiCall({ ...access, messages, tools: [weather], stream: true })
  await play('model says', second)
}

async function reasoning(access: Access): Promise<void> {
  section('Reasoning, told apart from the answer', "chatApiCall({ …, reasoning: 'high', stream: true })")
  const messages = [{ role: 'user' as const, content: 'Think: how many legs have three spiders?' }]
  const stream = await chatApiCall({ ...access, messages, reasoning: 'high', stream: true })
  await play('thinks, says', stream)
  line('usage', usageText((await stream.response).usage))
}

async function missingParameter(access: Access): Promise<void> {
  section('A parameter that the provider lacks', "chatApiCall({ provider: 'anthropic', …, seed: 7 })")
  const messages = [{ role: 'user' as const, content: 'Hello!' }]
  const reply = await chatApiCall({ ...access, messages, seed: 7 })
  for (const { message } of reply.warnings) line('warning', message)
  line('', dim("and with onUnsupported: 'error', nothing is sent:"))
  await chatApiCall({ ...access, messages, seed: 7, onUnsupported: 'error' }).catch(showError)
}

async function providerErrors(access: Access): Promise<void> {
  section('A provider error, and how it reads', 'catch (error) { if (LlmError.is(error, "rate-limited")) … }')
  const messages = [{ role: 'user' as const, content: 'Please be busy.' }]
  await chatApiCall({ ...access, messages }).catch(showError)
  line('', dim('a key that is missing is found before anything is sent:'))
  await chatApiCall({ provider: 'mistral', model: 'mistral-small-latest', messages, apiKey: '' }).catch(
    showError,
  )
}

async function cutStream(access: Access): Promise<void> {
  section(
    'A stream that breaks in the middle',
    'try { for await (const event of stream) … } catch (error) { error.partial }',
  )
  const messages = [{ role: 'user' as const, content: 'Break off.' }]
  const stream = await chatApiCall({ ...access, messages, stream: true })
  await play('openai', stream).catch((error: unknown) => {
    console.log()
    showError(error)
  })
}

/** The fake model. */
function answer({ prompt, toolResults, dialect }: FakeRequest): ScriptedReply {
  const pacing = { firstMs: 60, betweenMs: 25 }
  const [result] = toolResults
  if (result !== undefined) return { text: 'It is 7 °C in Oslo, and the sky is clear.', pacing }
  if (prompt.includes('weather')) return { toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] }
  if (prompt.includes('spiders')) {
    return {
      reasoning: 'A spider has eight legs; three times eight is twenty-four.',
      text: 'Twenty-four.',
      pacing,
    }
  }
  if (prompt.includes('busy'))
    return { error: { kind: 'rate-limited', message: 'Too many requests, slow down.', retryAfterMs: 12_000 } }
  if (prompt.includes('Break'))
    return { text: 'This sentence will never be', pacing, chaos: { type: 'cut', at: 'finish', by: 'reset' } }
  return { text: `Hello! I speak ${dialect}, and you did not have to know.`, pacing }
}
