import { createOrchestrator } from 'llm-switchyard'
import {
  createChatService,
  type ChatService,
  type ChatServiceOptions,
  type ChatStore,
} from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createFakeProvider, type FakeProvider, type FakeScript } from 'llm-switchyard/testing'
import type { Orchestrator, OrchestratorOptions } from 'llm-switchyard'

/** A chat service on the fake provider, with its orchestrator and store. */
export interface Hosted extends AsyncDisposable {
  readonly chats: ChatService
  readonly store: ChatStore
  readonly provider: FakeProvider
  readonly orchestrator: Orchestrator
}

export interface HostedOptions {
  readonly script?: FakeScript | undefined
  readonly orchestrator?: OrchestratorOptions | undefined
  readonly service?: Partial<ChatServiceOptions> | undefined
  readonly store?: ChatStore | undefined
}

export async function host(options: HostedOptions = {}): Promise<Hosted> {
  const provider = await createFakeProvider({ script: options.script ?? 'Hello from the fake.' })
  const openai = { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'none' }
  const orchestrator = createOrchestrator({ providers: { openai }, ...options.orchestrator })
  const store = options.store ?? createMemoryStore()
  const defaults = { model: 'openai/gpt-4.1-mini' }
  const chats = createChatService({ orchestrator, store, defaults, ...options.service })
  const close = async (): Promise<void> => {
    await chats.close({ drainMs: 0 })
    await orchestrator.close({ drainMs: 0 })
    await provider.close()
    if (options.store === undefined) await store.close()
  }
  return { chats, store, provider, orchestrator, [Symbol.asyncDispose]: close }
}

export const ada: { readonly userId: string } = { userId: 'ada' }

/** The messages that the provider received, one line each, instructions first. */
export function sentTurns({ log }: FakeProvider, call: number = -1): readonly string[] {
  const request = log.at(call)?.request
  const system = request === undefined || request.system === '' ? [] : [`system: ${request.system}`]
  return [...system, ...(request?.turns ?? []).map(({ role, text }) => `${role}: ${text}`)]
}

/** The active messages of a conversation in the store, one line each. */
export async function keptTurns(store: ChatStore, id: string): Promise<readonly string[]> {
  const turns = await store.messages.history(id, { limit: 1_000 })
  return turns.map(({ role, content, partial }) => {
    const text =
      typeof content === 'string'
        ? content
        : content.map((part) => ('text' in part ? part.text : part.type)).join('|')
    return `${role}: ${text}${partial ? ' (cut)' : ''}`
  })
}
