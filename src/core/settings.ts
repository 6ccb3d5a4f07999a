import { isSchema } from './json-schema.ts'
import { objectOf, type JsonObject } from './json.ts'
import { serverToolTypes, type ServerToolType } from './server-tool.ts'
import type { Rows } from './options.ts'
import type { Settings, Tool } from './request.ts'
import {
  resolveCache,
  resolveFormat,
  resolveReasoning,
  resolveStop,
  resolveToolChoice,
  resolveTools,
  type ResolvedSettings,
} from './resolved-settings.ts'
import {
  anyObject,
  anyOf,
  callable,
  count,
  flag,
  group,
  kind,
  listOf,
  looseGroup,
  matching,
  milliseconds,
  nonEmptyText,
  nullable,
  number,
  oneOf,
  orInfinity,
  positiveCount,
  recordOf,
  required,
  text,
  type Field,
} from './schema.ts'

/** Name of a neutral setting. */
export type SettingName = keyof Settings

/** All that the library knows about one setting. */
export interface SettingRow<K extends SettingName> {
  readonly schema: Field
  /**
   * Brings a given value into the one shape that dialects read. Reads settings of earlier rows. Adds the paths of fields
   * without a place to `lost`. Default: as given.
   */
  readonly normalize?:
    | ((value: NonNullable<Settings[K]>, earlier: ResolvedSettings, lost: string[]) => ResolvedSettings[K])
    | undefined
  /** Settings that a given value implies unless they are given too. */
  readonly implies?: Partial<ResolvedSettings> | undefined
}

const effort = oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')
/** The name of a tool. Characters that a provider refuses are replaced on the way out and restored on the way back. */
export const toolName: Field = matching(
  /^[\w.:/-]{1,128}$/,
  'a name of 1 to 128 letters, digits, "_", "-", ".", ":" and "/"',
)
const ttl = oneOf('5m', '30m', '1h', '12h', '24h')
/** A mark of a cached prefix. */
export const cacheMark: Field = anyOf(
  flag,
  group(() => ({ ttl })),
)
/** The fields of a mark: its own, and that of Anthropic's format, which many clients write. */
export function cacheMarks(): { readonly cache: Field; readonly cache_control: Field } {
  return { cache: cacheMark, cache_control: nullable(anyObject) }
}
const anySchema: Field = kind('an object', isSchema)
/** The fields of a {@link Tool}. */
export const toolRows: Rows<Tool> = {
  name: required(toolName),
  description: text,
  parameters: anySchema,
  inputSchema: anySchema,
  strict: flag,
  cache: cacheMark,
  providerOptions: recordOf(anyObject),
  timeoutMs: orInfinity(milliseconds),
  needsApproval: anyOf(flag, callable),
  permission: nonEmptyText,
  tags: listOf(nonEmptyText),
  sequential: flag,
  retries: count,
  maxResultChars: positiveCount,
  toModelOutput: callable,
  execute: callable,
}
const tool = looseGroup(() => ({
  ...toolRows,
  ...cacheMarks(),
  type: oneOf('function', 'custom'),
  input_schema: anySchema,
}))
// Tools as a provider's own format has them are sent as they are.
const vendorTool = { ...kind('an object', isVendorTool) }
const openaiTool = looseGroup(() => ({
  type: required(oneOf('function')),
  function: required(tool),
  ...cacheMarks(),
}))
const chosenTool = looseGroup(() => ({ name: required(nonEmptyText), type: oneOf('tool', 'function') }))
const openaiChoice = looseGroup(() => ({ type: required(oneOf('function')), function: required(chosenTool) }))
const cacheSetting = group(() => ({
  ttl,
  auto: flag,
  key: nonEmptyText,
  id: nonEmptyText,
}))
const allowedTools = looseGroup(() => ({
  names: required(listOf(nonEmptyText, { min: 1 })),
  mode: oneOf('auto', 'required'),
}))
const reasoning = looseGroup(() => ({
  effort,
  budgetTokens: count,
  thinking: flag,
  summary: oneOf('auto', 'concise', 'detailed'),
}))

// Options of a tool are checked when it is rendered: one that its provider lacks gives a warning.
const serverTool = kind(`a tool of type ${serverToolTypes.join(', ')}, or { raw }`, (value) =>
  serverToolTypes.includes(objectOf(value)['type'] as ServerToolType),
)
const rawTool = group(() => ({ raw: required(anyObject), providerOptions: recordOf(anyObject) }))

/** Whether a tool has a provider's own type, such as `web_search_20250305`. */
export function isVendorTool(value: unknown): value is JsonObject {
  const { type, input_schema: schema } = objectOf(value)
  return typeof type === 'string' && type !== 'function' && (type !== 'custom' || schema === undefined)
}

/** The neutral settings: a new one is a row here, a field of {@link Settings}, and a rule in each dialect that has it. */
export const settings: { readonly [K in SettingName]-?: SettingRow<K> } = {
  /** Maximum number of tokens of the response. */
  maxTokens: { schema: positiveCount },
  /** Randomness of sampling. */
  temperature: { schema: number({ min: 0, max: 2 }) },
  /** Nucleus sampling: share of the probability mass. */
  topP: { schema: number({ min: 0, max: 1 }) },
  /** Samples from the K most likely tokens. */
  topK: { schema: count },
  /** Minimum probability of a token, relative to the likeliest. */
  minP: {
    schema: number({ min: 0, max: 1 }),
  },
  /** Texts that end the response. */
  stop: {
    schema: anyOf(nonEmptyText, listOf(nonEmptyText)),
    normalize: resolveStop,
  },
  /** Seed for repeatable sampling. */
  seed: { schema: number({ whole: true }) },
  /** Penalty by how often a token has occurred. */
  frequencyPenalty: {
    schema: number({ min: -2, max: 2 }),
  },
  /** Penalty for tokens that have occurred. */
  presencePenalty: { schema: number({ min: -2, max: 2 }) },
  /** Factor against repeated tokens; 1 is neutral. */
  repetitionPenalty: { schema: number({ min: 0 }) },
  /** Bias by token id, -100 to 100. */
  logitBias: { schema: recordOf(number({ min: -100, max: 100 })) },
  /** Whether to return log probabilities. */
  logprobs: { schema: flag },
  /** Alternatives per token with their log probabilities; implies logprobs. */
  topLogprobs: {
    schema: number({ whole: true, min: 0, max: 20 }),
    implies: { logprobs: true },
  },
  /** Number of responses. */
  n: { schema: number({ whole: true, min: 1, max: 128 }) },
  /** Text, JSON, or JSON of a schema. */
  responseFormat: {
    schema: anyOf(oneOf('text', 'json'), anySchema),
    normalize: resolveFormat,
  },
  /** Functions that the model may call. */
  tools: {
    schema: listOf(anyOf(tool, openaiTool, vendorTool)),
    normalize: resolveTools,
  },
  /** Tools that the provider runs. */
  serverTools: {
    schema: listOf(anyOf(serverTool, rawTool)),
    normalize: (tools) => (tools.length === 0 ? undefined : tools),
  },
  /** Whether the model calls tools, or which one it must call. */
  toolChoice: {
    schema: anyOf(oneOf('auto', 'none', 'required'), chosenTool, allowedTools, openaiChoice),
    normalize: resolveToolChoice,
  },
  /** Whether one response may hold several tool calls. */
  parallelToolCalls: { schema: flag },
  /** Effort or token budget of reasoning. */
  reasoning: {
    schema: anyOf(flag, effort, reasoning),
    normalize: resolveReasoning,
  },
  /** The vendor's prompt cache. */
  cache: {
    schema: anyOf(oneOf('auto'), cacheSetting),
    normalize: resolveCache,
  },
  /** The end user's id, for the provider's abuse checks. */
  user: { schema: text },
  /** Labels that the provider stores with the request. */
  metadata: { schema: recordOf(text) },
}

/** The names of the neutral settings, in the order of their table. */
export const settingNames: readonly SettingName[] = Object.freeze(Object.keys(settings) as SettingName[])

/** The schemas of the settings, as fields of a request. */
export function settingFields(): { readonly [K in SettingName]-?: Field } {
  const fields = settingNames.map((name) => [name, settings[name].schema] as const)
  return Object.fromEntries(fields) as Record<SettingName, Field>
}

type AnyRow = SettingRow<SettingName> & {
  readonly normalize?: ((value: unknown, earlier: ResolvedSettings, lost: string[]) => unknown) | undefined
}

/** Brings checked settings into the one shape that dialects read. Throws `invalid-request` if two contradict each other. */
export function resolveSettings(given: Settings, lost: string[] = []): ResolvedSettings {
  const resolved: Record<string, unknown> = {}
  // By index: an iterator over a frozen list makes an object for each step.
  for (let at = 0; at < settingNames.length; at++) {
    const name = settingNames[at] as SettingName
    const value = given[name]
    if (value === undefined) continue
    const { normalize, implies } = settings[name] as AnyRow
    resolved[name] = normalize === undefined ? value : normalize(value, resolved, lost)
    for (const implied of implies === undefined ? [] : Object.keys(implies))
      resolved[implied] ??= implies?.[implied as SettingName]
  }
  return resolved
}
