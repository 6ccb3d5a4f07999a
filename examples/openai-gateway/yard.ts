import { createOrchestrator, type Orchestrator, type OrchestratorOptions } from 'llm-switchyard'
import { createFakeProvider, type FakeRequest, type ScriptedReply } from 'llm-switchyard/testing'

/** What the examples serve: an orchestrator, and the model names that clients use. */
export interface Yard extends AsyncDisposable {
  readonly orchestrator: Orchestrator
  /** Alias → `provider/model`. */
  readonly models: Readonly<Record<string, string>>
  /** Whether the built-in fake provider answers, because no key was found. */
  readonly fake: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** Creates an orchestrator for the providers whose keys are in the environment, or else for the fake provider over local HTTP. */
export async function openYard(env: Environment = process.env): Promise<Yard> {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL } = env
  const limits = { user: { requestsPerMinute: 600, tokensPerMinute: 1_000_000 } }
  const common: OrchestratorOptions = { limits, queue: { concurrency: 250, maxPending: 1_000 } }
  if (OPENAI_API_KEY === undefined && ANTHROPIC_API_KEY === undefined) return openFakeYard(common)
  const orchestrator = createOrchestrator({
    ...common,
    retry: { attempts: 2 },
    providers: {
      openai: { apiKey: OPENAI_API_KEY, baseUrl: OPENAI_BASE_URL },
      anthropic: { apiKey: ANTHROPIC_API_KEY, baseUrl: ANTHROPIC_BASE_URL },
    },
  })
  const models = {
    fast: 'openai/gpt-4.1-mini',
    thoughtful: 'anthropic/claude-haiku-4-5',
    embed: 'openai/text-embedding-3-small',
  }
  return { orchestrator, models, fake: false, [Symbol.asyncDispose]: () => orchestrator.close() }
}

async function openFakeYard(common: OrchestratorOptions): Promise<Yard> {
  const provider = await createFakeProvider({ script: answer })
  const orchestrator = createOrchestrator({
    ...common,
    providers: {
      openai: { apiKey: 'none', baseUrl: provider.baseUrl('openai-chat') },
      anthropic: { apiKey: 'none', baseUrl: provider.baseUrl('anthropic-messages') },
    },
  })
  const models = { fast: 'openai/demo', thoughtful: 'anthropic/demo', embed: 'openai/demo-vectors' }
  const close = async (): Promise<void> => {
    await orchestrator.close({ drainMs: 1_000 })
    await provider.close()
  }
  return { orchestrator, models, fake: true, [Symbol.asyncDispose]: close }
}

/** A model that uses the first tool when asked about the weather, and echoes otherwise. */
function answer({ prompt, tools, toolResults }: FakeRequest): ScriptedReply {
  const [tool] = tools
  if (toolResults.length > 0) return `The tool says: ${toolResults.map(({ text }) => text).join(', ')}`
  if (tool !== undefined && /weather/i.test(prompt))
    return { toolCalls: [{ name: tool.name, arguments: { city: 'Oslo' } }] }
  return {
    text: `You said "${prompt}". No model was asked: this is the fake provider of the yard, and it speaks slowly so that you can watch it.`,
    pacing: { betweenMs: 20 },
  }
}
