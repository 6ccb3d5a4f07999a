import { randomUUID } from 'node:crypto'
import { env } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createOrchestrator, defineTool, type Orchestrator } from 'llm-switchyard'
import { createAgent } from 'llm-switchyard/agents'
import { createChatService, type ChatPersona, type ChatService } from 'llm-switchyard/conversations'
import { createPromptComposer } from 'llm-switchyard/prompts'
import { createFakeProvider } from 'llm-switchyard/testing'
import { createApprovals, type Approvals } from 'llm-switchyard/tools'
import type { Backends } from './backends.ts'
import { fakeReply } from './fake-replies.ts'

/** The parts of the product that the routes use. */
export interface Product extends AsyncDisposable {
  readonly orchestrator: Orchestrator
  readonly chats: ChatService
  /** Whether the built-in fake provider answers, because no key was found. */
  readonly isFake: boolean
}

const assistant: ChatPersona = {
  id: 'pilot',
  name: 'Pilot',
  systemPrompt:
    'You are {{char}}, the assistant of a small team. Several people write to you; each message begins with a name.',
  greeting: 'Good day, {{user}}. What shall we look at?',
}

const tides = defineTool({
  name: 'get_tides',
  description: 'High and low water of a harbour today',
  parameters: {
    type: 'object',
    properties: { harbour: { type: 'string', minLength: 1 } },
    required: ['harbour'],
    additionalProperties: false,
  },
  execute: async ({ harbour }: { harbour: string }, { signal }) => {
    await sleep(400, undefined, { signal })
    if (harbour === 'Atlantis') throw new Error('there is no gauge at Atlantis')
    return { harbour, high: `0${harbour.length % 10}:40`, low: `1${harbour.length % 10}:05` }
  },
})

const reserve = defineTool({
  name: 'reserve_berth',
  description: 'Reserves a berth in a harbour',
  parameters: { type: 'object', properties: { harbour: { type: 'string' } }, required: ['harbour'] },
  needsApproval: true,
  execute: ({ harbour }) => `Berth 4 at ${harbour} is yours.`,
})
const navigator = createAgent({ name: 'Navigator', purpose: 'Plans passages by the tides.', tools: [tides] })
/** The agent that answers: its berths need the approval of a person, and passages are work of its subagent. */
const pilot = createAgent({ name: 'Pilot', tools: [tides, reserve], subagents: [navigator] })

/** Signs what people decide. A real product has a secret of its own. */
export const approvals: Approvals = createApprovals({ secret: env['APPROVAL_SECRET'] ?? randomUUID() })

/** Opens the product. Uses `MODEL=provider/model` and its key, otherwise the fake provider. */
export async function openProduct(backends: Backends): Promise<Product> {
  await using opened = new AsyncDisposableStack()
  const { MODEL } = env
  const fake = MODEL === undefined ? opened.use(await createFakeProvider({ script: fakeReply })) : undefined
  const anthropic = fake && { apiKey: 'none', baseUrl: fake.baseUrl('anthropic-messages') }
  const orchestrator = createOrchestrator({
    ...(anthropic && { providers: { anthropic } }),
    retry: { attempts: 2 },
    limits: { user: { requestsPerMinute: 30, tokensPerMinute: 100_000 } },
    limitStore: backends.limitStore,
    queue: { concurrency: 8 },
    moderation: { rules: 'open sesame -> block\nproject nightjar -> redact:[project]' },
  })
  opened.use(orchestrator)
  const chats = createChatService({
    orchestrator,
    store: backends.store,
    defaults: { model: MODEL ?? 'anthropic/demo' },
    persona: (id) => (id === assistant.id ? assistant : undefined),
    agents: [pilot],
    approvals,
    composer: createPromptComposer(),
    autoTitle: true,
  })
  opened.use(chats)
  const all = opened.move()
  return { orchestrator, chats, isFake: fake !== undefined, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
