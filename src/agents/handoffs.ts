import type { Tool } from '../core/request.ts'
import type { RunOptions, RunProgress, StepSettings } from '../tools/index.ts'
import type { Agent, AgentDefaults } from './agent-types.ts'
import { slugOf } from './instructions.ts'

/** The agents that a run may be handed over to. Who answers follows from the run's steps, so that a restart changes nothing. */
export class Handoffs {
  /** One tool for each agent. */
  readonly tools: readonly Tool[]
  readonly #agents: ReadonlyMap<string, Agent>

  readonly #defaults: AgentDefaults

  constructor(agents: readonly Agent[], defaults: AgentDefaults) {
    this.#defaults = defaults
    this.#agents = new Map(agents.map((agent) => [`transfer_to_${slugOf(agent.name)}`, agent]))
    this.tools = [...this.#agents].map(([name, agent]) => ({
      name,
      description:
        `Hands the conversation over to the agent "${agent.name}", which answers from now on. ${agent.purpose}`.trim(),
      execute: () => `The agent "${agent.name}" answers now.`,
    }))
  }

  /** Gives the steps after a handoff the instructions, tools and model of the agent that took over. */
  get prepareStep(): RunOptions['prepareStep'] {
    return this.#agents.size === 0 ? undefined : (run) => this.#settings(run)
  }

  async #settings({ steps }: RunProgress): Promise<StepSettings | undefined> {
    const results = steps.flatMap((step) => step.results)
    const last = results.findLast(({ name, success }) => success && this.#agents.has(name))
    const agent = last && this.#agents.get(last.name)
    if (agent === undefined) return undefined
    const { system, tools, settings } = await agent.setup(this.#defaults)
    const given = Object.entries(settings).filter(([, value]) => value !== undefined)
    return { system, tools, ...Object.fromEntries(given) }
  }
}
