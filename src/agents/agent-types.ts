import type { ChatRequest, Schema, Settings, Tool } from '../core/request.ts'
import type { UserPart } from '../core/message.ts'
import type { ChatStream } from '../stream/index.ts'
import type { Orchestrator } from '../orchestrator/index.ts'
import type { RunOptions, RunRequest, RunResponse } from '../tools/index.ts'

/** Hooks of an agent, around every step of its runs. */
export type AgentHooks = Pick<RunOptions, 'prepareStep' | 'onStep' | 'stopWhen'>

/** How much one run of an agent may use. */
export interface AgentBudget {
  /** Ends the run after the step in which it has used so many tokens. */
  readonly tokens?: number | undefined
  /** Ends the run after the step in which it has cost so many US dollars. */
  readonly costUsd?: number | undefined
  /** Maximum time of the run, in ms. */
  readonly timeMs?: number | undefined
}

/** When and how the history of a run is shortened. */
export interface Compaction {
  /** Shortens the history of a step that has more estimated tokens than this. */
  readonly aboveTokens: number
  /** The newest results of tools that are kept whole. Default 4. */
  readonly keepResults?: number | undefined
}

/** Options of {@link createAgent}. */
export interface AgentOptions {
  /** Name of the agent: in events, usage, and as the tool that delegates to it. Letters, digits, spaces, `_` and `-`. */
  readonly name: string
  /** What the agent is for. Models that may delegate to it read this. */
  readonly purpose?: string | undefined
  readonly instructions?: string | undefined
  /** Runs the agent. Default: that of the agent or chat service that uses it. */
  readonly orchestrator?: Pick<Orchestrator, 'run' | 'estimateTokens'> | undefined
  /** Model of the agent. Default: that of the request, or of the agent that delegates. */
  readonly model?: string | undefined
  readonly provider?: string | undefined
  /** Settings of every model call. */
  readonly settings?: Omit<Settings, 'tools' | 'responseFormat' | 'n'> | undefined
  /** Tools of the agent. A function is called once, at the first run, such as `({ archetype }) => registry.discover({ archetype })`. */
  readonly tools?:
    | readonly Tool[]
    | ((agent: Pick<Agent, 'name' | 'archetype'>) => readonly Tool[] | Promise<readonly Tool[]>)
    | undefined
  /** Agents that this one delegates work to, by a tool for each. At most 3 levels. */
  readonly subagents?: readonly Agent[] | undefined
  /** Agents that this one hands the conversation over to: they answer in its place. */
  readonly handoffs?: readonly Agent[] | undefined
  /** Whether the agent sees earlier messages, and a chat keeps what it says. Default true. */
  readonly memory?: boolean | undefined
  /** Whether the agent answers in Markdown; false: in plain text. Default: as the model likes. */
  readonly markdown?: boolean | undefined
  /** Kind of the agent, which the function `tools` gets. */
  readonly archetype?: string | undefined
  /** Schema of the answer, which is `object` of the response then. */
  readonly output?: Schema | undefined
  readonly hooks?: AgentHooks | undefined
  /** Maximum number of steps whose tools run. Default 8. */
  readonly maxToolRounds?: number | undefined
  readonly budget?: AgentBudget | undefined
  /** What tools of the agent may be: at most what the caller is allowed. Default: what the caller is allowed. */
  readonly permissions?: readonly string[] | undefined
  /** Default: the history is never shortened. */
  readonly compaction?: Compaction | undefined
}

/** A message to an agent, and for whom it answers. */
export interface AgentRequest
  extends
    Omit<RunRequest, 'messages' | 'system' | 'stream' | 'maxToolRounds'>,
    Partial<Pick<ChatRequest, 'messages'>> {
  /** Runs the agent in place of its own orchestrator. */
  readonly orchestrator?: AgentOptions['orchestrator']
  /** The newest message. */
  readonly message?: string | readonly UserPart[] | undefined
}

/** What an agent uses where it has none of its own. */
export type AgentDefaults = Pick<AgentOptions, 'orchestrator' | 'model' | 'provider'>

/** What a chat service uses of an agent. */
export interface AgentSetup {
  readonly system: string
  readonly tools: readonly Tool[]
  readonly settings: Pick<RunRequest, 'model' | 'provider' | 'responseFormat'>
  readonly memory: boolean
}

/** An agent: instructions, a model and tools under one name. It has no state of its own and serves any number of callers. */
export interface Agent {
  readonly name: string
  readonly purpose: string
  readonly archetype?: string | undefined
  readonly memory: boolean
  /** Levels of agents below this one. */
  readonly depth: number
  /** Runs the agent to its answer. Rejects with `misconfigured` without an orchestrator. */
  send(request: AgentRequest): Promise<RunResponse>
  /** Runs the agent as a stream of events, with those of its subagents as `agent-event`. */
  stream(request: AgentRequest): Promise<ChatStream<RunResponse>>
  /** The agent as a tool that delegates a task to it. `defaults` are for what the agent does not have itself. */
  asTool(defaults?: AgentDefaults): Tool
  /** Instructions, tools and settings of the agent, for a chat service. Its tools are made at the first call. */
  setup(defaults?: AgentDefaults): Promise<AgentSetup>
}
