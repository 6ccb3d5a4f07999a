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
export {
  createActions,
  type Action,
  type ActionCaller,
  type ActionEntry,
  type Actions,
  type ActionsOptions,
} from './actions.ts'
export { createFileTracker, type ChangesKey, type FileChange, type FileTracker } from './file-changes.ts'
