import { argument, checkArguments } from '../core/check-arguments.ts'
import { LlmError } from '../core/error.ts'
import { checkOptions } from '../core/options.ts'
import type { ChatRequest, Tool } from '../core/request.ts'
import type { ChatStream } from '../stream/index.ts'
import {
  costReached,
  tokensUsed,
  usableTools,
  type RunOptions,
  type RunRequest,
  type RunResponse,
} from '../tools/index.ts'
import { agentSchema } from './agent-options.ts'
import type { Agent, AgentDefaults, AgentOptions, AgentRequest, AgentSetup } from './agent-types.ts'
import { compactHistory } from './compaction.ts'
import { delegateTool } from './delegate.ts'
import { Handoffs } from './handoffs.ts'
import { instructionsOf, slugOf } from './instructions.ts'

const MAX_DEPTH = 3

/** Creates an agent. Throws `misconfigured` if an option is not valid, or subagents are nested deeper than 3 levels. */
export function createAgent(options: AgentOptions): Agent {
  checkOptions('createAgent', agentSchema, options)
  return new ConfiguredAgent(options)
}

type Orchestrated = NonNullable<AgentOptions['orchestrator']>

/** A run that is ready to start. */
interface PreparedAgent {
  readonly orchestrator: Orchestrated
  readonly run: RunRequest
}

class ConfiguredAgent implements Agent {
  readonly name: string
  readonly purpose: string
  readonly archetype: string | undefined
  readonly memory: boolean
  readonly depth: number
  readonly #options: AgentOptions
  #tools: Promise<readonly Tool[]> | undefined

  constructor(options: AgentOptions) {
    const { name, purpose = '', archetype, memory = true, subagents = [], handoffs = [] } = options
    this.name = name
    this.purpose = purpose
    this.archetype = archetype
    this.memory = memory
    this.depth = subagents.reduce((most, { depth }) => Math.max(most, depth + 1), 0)
    this.#options = options
    if (this.depth > MAX_DEPTH)
      refuse('subagents', `are nested ${this.depth} levels deep, and ${MAX_DEPTH} are the most`)
    checkNames('subagents', subagents)
    checkNames('handoffs', handoffs)
  }

  async send(request: AgentRequest): Promise<RunResponse> {
    const { orchestrator, run } = await this.#prepare(request)
    return orchestrator.run({ ...run, stream: false })
  }

  async stream(request: AgentRequest): Promise<ChatStream<RunResponse>> {
    const { orchestrator, run } = await this.#prepare(request)
    return orchestrator.run({ ...run, stream: true })
  }

  asTool(defaults: AgentDefaults = {}): Tool {
    const { model, provider } = defaults
    const { orchestrator = defaults.orchestrator } = this.#options
    const own = this.#options.model === undefined ? { model, provider } : {}
    return delegateTool(this, (request) => this.stream({ orchestrator, ...own, ...request }))
  }

  async setup(defaults: AgentDefaults = {}): Promise<AgentSetup> {
    const { model, provider, permissions: own } = this.#options
    const tools = await this.#allTools(defaults)
    return {
      system: instructionsOf(this.#options),
      // What the caller is allowed is checked by the loop.
      tools: own === undefined ? tools : [...usableTools(tools, own).values()],
      settings: { model, provider, ...this.#format() },
      memory: this.memory,
    }
  }

  async #prepare(asked: AgentRequest): Promise<PreparedAgent> {
    checkArguments(`the agent "${this.name}"`, { request: argument.object }, { request: asked })
    const { orchestrator: given, ...request } = asked
    const orchestrator = given ?? this.#options.orchestrator
    if (orchestrator === undefined)
      return refuse('orchestrator', `is missing: the agent "${this.name}" needs one to run by itself`)
    const { message, messages = [], permissions, timeouts, ...rest } = request
    const { settings, maxToolRounds, budget, hooks, model, provider } = this.#options
    const target = { model: model ?? rest.model, provider: model === undefined ? rest.provider : provider }
    const handoffs = new Handoffs(this.#options.handoffs ?? [], { orchestrator, ...target })
    const newest = message === undefined ? [] : [{ role: 'user' as const, content: message }]
    const all = [...messages, ...newest]
    const run: RunRequest = {
      ...settings,
      ...rest,
      ...target,
      ...this.#format(),
      system: instructionsOf(this.#options),
      messages: this.memory ? all : all.slice(all.findLastIndex(({ role }) => role === 'user')),
      tools: [
        ...(await this.#allTools({ orchestrator, ...target })),
        ...handoffs.tools,
        ...checkedTools(rest.tools),
      ],
      permissions: allowed(permissions, this.#options.permissions),
      maxToolRounds,
      stopWhen: [hooks?.stopWhen ?? [], rest.stopWhen ?? [], stops(budget)].flat(),
      prepareStep: this.#prepareStep(orchestrator, [
        handoffs.prepareStep,
        hooks?.prepareStep,
        rest.prepareStep,
      ]),
      onStep: both(hooks?.onStep, rest.onStep),
      timeouts: budget?.timeMs === undefined ? timeouts : { ...timeouts, totalMs: budget.timeMs },
    }
    return { orchestrator, run }
  }

  #prepareStep(
    { estimateTokens }: Orchestrated,
    given: readonly RunOptions['prepareStep'][],
  ): RunOptions['prepareStep'] {
    const { compaction } = this.#options
    const compact = compaction && compactHistory(compaction, estimateTokens)
    const steps = [compact, ...given].filter((one) => one !== undefined)
    if (steps.length === 0) return undefined
    return async (progress) => {
      let settings = {}
      for (const step of steps) settings = { ...settings, ...(await step(progress)) }
      return settings
    }
  }

  #format(): Pick<ChatRequest, 'responseFormat'> {
    const { output } = this.#options
    return output === undefined ? {} : { responseFormat: { type: 'json', schema: output } }
  }

  async #allTools(defaults: AgentDefaults): Promise<readonly Tool[]> {
    const { subagents = [] } = this.#options
    return [...(await this.#ownTools()), ...subagents.map((agent) => agent.asTool(defaults))]
  }

  // Made once, by the first run, for all that start in the meantime. A failure is not kept.
  #ownTools(): Promise<readonly Tool[]> {
    const { tools = [] } = this.#options
    if (typeof tools !== 'function') return Promise.resolve(tools)
    this.#tools ??= (async () => tools({ name: this.name, archetype: this.archetype }))().catch(
      (error: unknown) => {
        this.#tools = undefined
        throw error
      },
    )
    return this.#tools
  }
}

function checkedTools(tools: RunRequest['tools']): NonNullable<RunRequest['tools']> {
  const given = tools ?? []
  return Array.isArray(given) ? (tools ?? []) : refuse('tools', 'must be a list')
}

function checkNames(path: string, agents: readonly Agent[]): void {
  const names = agents.map(({ name }) => slugOf(name))
  const twice = names.find((one, at) => names.indexOf(one) !== at)
  if (twice !== undefined) refuse(path, `have two agents whose tool would be "${twice}"; rename one`)
}

// An agent is never allowed more than its caller.
function allowed(
  callers: readonly string[] | undefined,
  own: readonly string[] | undefined,
): readonly string[] | undefined {
  return own === undefined ? callers : own.filter((one) => callers?.includes(one) === true)
}

function stops(budget: AgentOptions['budget']): NonNullable<RunOptions['stopWhen']> {
  const { tokens, costUsd } = budget ?? {}
  return [
    tokens === undefined ? [] : [tokensUsed(tokens)],
    costUsd === undefined ? [] : [costReached(costUsd)],
  ].flat()
}

function both(first: RunOptions['onStep'], second: RunOptions['onStep']): RunOptions['onStep'] {
  if (first === undefined || second === undefined) return first ?? second
  return async (step, run) => {
    await first(step, run)
    await second(step, run)
  }
}

function refuse(path: string, problem: string): never {
  const message = `createAgent: ${path} ${problem}`
  throw new LlmError('misconfigured', message, { issues: [{ path, message: problem }] })
}
