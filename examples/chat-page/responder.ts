import { setTimeout as sleep } from 'node:timers/promises'
import {
  createOrchestrator,
  defineTool,
  type EventBatch,
  type MessageInput,
  type Orchestrator,
  type StreamEvent,
  type Usage,
} from 'llm-switchyard'
import type { ChatContext, ChatInput, Respond } from 'llm-switchyard/http'
import { createFakeProvider } from 'llm-switchyard/testing'
import { fakeReply } from './fake-replies.ts'

/** Answers the requests of the page. */
export interface Responder extends AsyncDisposable {
  readonly respond: Respond
  /** Whether the built-in fake provider answers, because no key was found. */
  readonly fake: boolean
}

type Environment = Readonly<Record<string, string | undefined>>
type ToolCallEvent = Extract<StreamEvent, { type: 'tool-call' }>
type FinishEvent = Extract<StreamEvent, { type: 'finish' }>

const SYSTEM = 'You are a friendly assistant on a demonstration page. Answer briefly.'
const MAX_STEPS = 4

const weather = defineTool({
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
})

/** Uses `MODEL=provider/model`, otherwise OpenAI or Anthropic if `env` has their key, otherwise the fake provider. */
export async function createResponder(env: Environment = process.env): Promise<Responder> {
  const { MODEL, OPENAI_API_KEY, ANTHROPIC_API_KEY } = env
  const byKey = OPENAI_API_KEY !== undefined ? 'openai/gpt-4.1-mini' : 'anthropic/claude-haiku-4-5'
  const hasKey = OPENAI_API_KEY !== undefined || ANTHROPIC_API_KEY !== undefined
  const model = MODEL ?? (hasKey ? byKey : undefined)
  if (model !== undefined) {
    const orchestrator = createOrchestrator({
      retry: { attempts: 2 },
      limits: { user: { requestsPerMinute: 30 } },
    })
    const respond = respondWith(orchestrator, model)
    return { respond, fake: false, [Symbol.asyncDispose]: () => orchestrator.close() }
  }
  const provider = await createFakeProvider({ script: fakeReply })
  const baseUrl = provider.baseUrl('anthropic-messages')
  const orchestrator = createOrchestrator({ providers: { anthropic: { apiKey: 'none', baseUrl } } })
  const close = async (): Promise<void> => {
    await orchestrator.close()
    await provider.close()
  }
  return { respond: respondWith(orchestrator, 'anthropic/demo'), fake: true, [Symbol.asyncDispose]: close }
}

function respondWith(orchestrator: Orchestrator, model: string): Respond {
  return (input, context) => ({ batches: () => converse(orchestrator, model, { input, context }) })
}

interface Request {
  readonly input: ChatInput
  readonly context: ChatContext
}

/** Calls the model, runs the tools that it asks for, and calls it again with their results: one stream for the page. */
async function* converse(
  orchestrator: Orchestrator,
  model: string,
  { input, context }: Request,
): AsyncGenerator<EventBatch, void, undefined> {
  const messages: MessageInput[] = [...input.messages]
  const { signal } = context
  const { conversationId } = input
  let usage: Usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 }
  for (let step = 0; ; step++) {
    const tools = step < MAX_STEPS ? [weather] : []
    const request = { model, system: SYSTEM, messages, tools, conversationId, signal } as const
    const stream = await orchestrator.chatApiCall({ ...request, stream: true })
    const calls: ToolCallEvent[] = []
    let finish: FinishEvent | undefined
    for await (const batch of stream.batches()) {
      calls.push(...batch.filter((event) => event.type === 'tool-call'))
      finish = batch.find((event) => event.type === 'finish') ?? finish
      const shown = batch.filter(({ type }) => type !== 'finish' && type !== 'usage')
      if (shown.length > 0) yield shown
    }
    if (finish === undefined) return
    usage = addUsage(usage, finish.usage)
    if (calls.length === 0) return yield [{ ...finish, usage }]
    messages.push((await stream.response).message)
    for (const call of calls) yield [await runTool(call, messages, signal)]
  }
}

/** Runs one tool call and adds its result to the messages. Returns the event for the page. */
async function runTool(
  { id, name, arguments: given }: ToolCallEvent,
  messages: MessageInput[],
  signal: AbortSignal,
): Promise<StreamEvent> {
  const city = typeof given === 'object' && given !== null && 'city' in given ? given.city : undefined
  if (typeof city !== 'string' || city === '') {
    const message = 'get_weather needs a city'
    messages.push({ role: 'tool', toolCallId: id, content: message, isError: true })
    return { type: 'tool-error', id, name, message }
  }
  // Delayed like a real service.
  await sleep(700, undefined, { signal })
  const result = { city, celsius: (city.length * 7) % 30, sky: city.length % 2 === 0 ? 'clear' : 'cloudy' }
  messages.push({ role: 'tool', toolCallId: id, content: JSON.stringify(result) })
  return { type: 'tool-result', id, name, result }
}

function addUsage(a: Usage, b: Usage): Usage {
  const estimated = a.estimated === true || b.estimated === true
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
    ...(estimated ? { estimated } : {}),
  }
}
