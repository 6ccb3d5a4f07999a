import {
  createOrchestrator,
  type JsonObject,
  type Orchestrator,
  type OrchestratorOptions,
  type StreamEvent,
} from 'llm-switchyard'
import { createFakeProvider, type FakeProvider, type FakeScript } from 'llm-switchyard/testing'

export const USAGE = { inputTokens: 5, outputTokens: 5 }

type Reply = ReturnType<Extract<FakeScript, (...args: never) => unknown>>

/** A script that gives one reply for each step of the newest user message: the first that calls tools, and so on. */
export function steps(...replies: readonly Reply[]): FakeScript {
  return ({ turns }) => {
    const since = turns.slice(turns.findLastIndex(({ role }) => role === 'user'))
    const done = since.filter(({ role }) => role === 'assistant').length
    return replies[Math.min(done, replies.length - 1)] as Reply
  }
}

/** A reply that calls tools by name with arguments. */
export function calling(...calls: readonly (readonly [name: string, args: object, id?: string])[]): Reply {
  return {
    toolCalls: calls.map(([name, args, id]) => ({ name, arguments: args, ...(id && { id }) })),
    usage: USAGE,
  } as Reply
}

/** The answer of a last step. */
export function saying(text: string): Reply {
  return { text, usage: USAGE }
}

/** An orchestrator over a fake provider, with the bodies that the provider got. */
export interface RunHost extends AsyncDisposable {
  readonly fake: FakeProvider
  readonly orchestrator: Orchestrator
  /** The bodies of all model calls, in order. */
  bodies(): readonly JsonObject[]
}

export async function runHost(script: FakeScript, options: OrchestratorOptions = {}): Promise<RunHost> {
  const fake = await createFakeProvider({ script })
  const openai = { baseUrl: fake.baseUrl('openai-chat'), apiKey: 'none' }
  const orchestrator = createOrchestrator({ providers: { openai }, ...options })
  return {
    fake,
    orchestrator,
    bodies: () => fake.log.map(({ request }) => request?.body as JsonObject),
    [Symbol.asyncDispose]: async () => {
      await orchestrator.close({ drainMs: 0 })
      await fake.close()
    },
  }
}

/** A request of one user message. */
export const asking: Asking = { model: 'openai/gpt-4.1-mini', messages: [{ role: 'user', content: 'Hi' }] }

export async function eventsOf(stream: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

/** Types of events without deltas and usage. */
export function typesOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ type }) => type).filter((type) => !/-delta$|-start$|^usage$/.test(type))
}

type Asking = {
  readonly model: string
  readonly messages: readonly { readonly role: 'user'; readonly content: string }[]
}
