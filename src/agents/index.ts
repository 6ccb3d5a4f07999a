export { createAgent } from './agent.ts'
export type {
  Agent,
  AgentBudget,
  AgentDefaults,
  AgentHooks,
  AgentOptions,
  AgentRequest,
  AgentSetup,
  Compaction,
} from './agent-types.ts'
