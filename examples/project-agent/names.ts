// The names that agent code of other frameworks uses, over this package.
import { defineTool, type Orchestrator, type Tool } from 'llm-switchyard'
import { createAgent, type Agent as SwitchyardAgent } from 'llm-switchyard/agents'

export { defineTool as createTool }

/** Names a model of OpenAI. */
export const openai = (model: string): string => `openai/${model}`

export interface AgentOptions {
  readonly name: string
  readonly purpose?: string
  readonly instructions: string
  readonly llm?: Orchestrator
  readonly model?: string
  readonly tools?: readonly Tool[]
  readonly subAgents?: readonly Agent[]
  readonly markdown?: boolean
  readonly memory?: boolean
}

export class Agent {
  readonly agent: SwitchyardAgent

  constructor({ llm: orchestrator, subAgents = [], ...options }: AgentOptions) {
    this.agent = createAgent({ ...options, orchestrator, subagents: subAgents.map(({ agent }) => agent) })
  }
}
