import { createFakeProvider, type FakeProvider, type FakeScript } from 'llm-switchyard/testing'
import {
  createOrchestrator,
  type Orchestrator,
  type LlmError,
  type ChatResponse,
  type OrchestratorEvent,
  type OrchestratorOptions,
  type StreamEvent,
} from 'llm-switchyard'
import { expect } from 'vitest'

export const RULES = `
topsecret
bomb -> block #violence
darn -> warn #mild
/sk-[a-z0-9]{8,}/ -> redact:[KEY]
`

/** What a stream gave, and how it ended. */
interface Streamed {
  readonly seen: StreamEvent[]
  readonly response: ChatResponse | undefined
  readonly error: LlmError | undefined
}

interface Moderated extends AsyncDisposable {
  readonly provider: FakeProvider
  readonly orchestrator: Orchestrator
  ask(content: string, extra?: object): Promise<ChatResponse>
  stream(content: string, extra?: object): Promise<Streamed>
  /** What moderation has told so far. */
  told(): Extract<OrchestratorEvent, { type: 'moderation' }>['event'][]
}

/** An orchestrator with this moderation, over a provider that follows the script. */
export async function moderated(
  script: FakeScript,
  moderation: OrchestratorOptions['moderation'],
  more: OrchestratorOptions = {},
): Promise<Moderated> {
  const provider = await createFakeProvider({ script })
  const events: OrchestratorEvent[] = []
  const orchestrator = createOrchestrator({
    ...more,
    moderation,
    onEvent: (event) => events.push(event),
    providers: { openai: { apiKey: 'key', baseUrl: provider.baseUrl('openai-chat') } },
  })
  const ask = (content: string, extra: object = {}): Promise<ChatResponse> =>
    orchestrator.chatApiCall({ model: 'openai/m', messages: [{ role: 'user', content }], ...extra })
  const stream = async (content: string, extra: object = {}): Promise<Streamed> => {
    const opened = await orchestrator.chatApiCall({
      model: 'openai/m',
      messages: [{ role: 'user', content }],
      stream: true,
      ...extra,
    })
    const seen: StreamEvent[] = []
    try {
      for await (const event of opened) seen.push(event)
      return { seen, response: await opened.response, error: undefined }
    } catch (error) {
      return { seen, response: undefined, error: error as LlmError }
    }
  }
  return {
    provider,
    orchestrator,
    ask,
    stream,
    told: () => events.flatMap((event) => (event.type === 'moderation' ? [event.event] : [])),
    [Symbol.asyncDispose]: async () => {
      await orchestrator.close({ drainMs: 0 })
      await provider.close()
    },
  }
}

export const textOf = (events: readonly StreamEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')

export async function failure(work: Promise<unknown>): Promise<LlmError> {
  return work.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error as LlmError,
  )
}
