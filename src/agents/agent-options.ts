import { optionsSchema } from '../core/options.ts'
import {
  anyObject,
  anyOf,
  callable,
  count,
  flag,
  kind,
  listOf,
  nonEmptyText,
  number,
  positiveCount,
  positiveMilliseconds,
  required,
  text,
  withMethods,
  type Group,
} from '../core/schema.ts'
import { isPersonaName } from '../core/validate-id.ts'
import type { AgentBudget, AgentHooks, AgentOptions, Compaction } from './agent-types.ts'
import { slugOf } from './instructions.ts'

const agents = listOf(withMethods('send', 'stream', 'asTool', 'setup'))
const hooks = optionsSchema<AgentHooks>()(() => ({
  prepareStep: callable,
  onStep: callable,
  stopWhen: anyOf(callable, listOf(callable)),
}))
const budget = optionsSchema<AgentBudget>()(() => ({
  tokens: positiveCount,
  costUsd: number({ min: 0 }),
  timeMs: positiveMilliseconds,
}))
const compaction = optionsSchema<Compaction>()(() => ({
  aboveTokens: required(positiveCount),
  keepResults: count,
}))
const name = kind(
  '1 to 100 letters, digits, spaces, _ and -, with a letter or digit of the Latin script',
  (value) => isPersonaName(value) && slugOf(value) !== '',
)

/** The schema of {@link AgentOptions}. */
export const agentSchema: Group = optionsSchema<AgentOptions>()(() => ({
  name: required(name),
  purpose: text,
  instructions: text,
  orchestrator: withMethods('run', 'estimateTokens'),
  model: nonEmptyText,
  provider: nonEmptyText,
  settings: anyObject,
  tools: anyOf(callable, listOf(anyObject)),
  subagents: agents,
  handoffs: agents,
  memory: flag,
  markdown: flag,
  archetype: nonEmptyText,
  output: anyObject,
  hooks,
  maxToolRounds: count,
  budget,
  permissions: listOf(nonEmptyText),
  compaction,
}))
