import type { Settings } from './request.ts'
import {
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
  listOf,
  looseGroup,
  matching,
  nonEmptyText,
  number,
  oneOf,
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
  readonly doc: string
  /** Brings a given value into the one shape that dialects read. Reads settings of earlier rows. Default: as given. */
  readonly normalize?:
    | ((value: NonNullable<Settings[K]>, earlier: ResolvedSettings) => ResolvedSettings[K])
    | undefined
  /** Settings that a given value implies unless they are given too. */
  readonly implies?: Partial<ResolvedSettings> | undefined
}

const effort = oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')
/** The name of a tool, as all providers take it. */
export const toolName: Field = matching(
  /^[A-Za-z0-9_-]{1,64}$/,
  'a name of 1 to 64 letters, digits, "_" and "-"',
)
const tool = looseGroup(() => ({
  name: required(toolName),
  description: text,
  parameters: anyObject,
  inputSchema: anyObject,
  strict: flag,
  execute: callable,
}))
const openaiTool = looseGroup(() => ({ type: required(oneOf('function')), function: required(tool) }))
const chosenTool = looseGroup(() => ({ name: required(nonEmptyText) }))
const openaiChoice = looseGroup(() => ({ type: required(oneOf('function')), function: required(chosenTool) }))
const reasoning = looseGroup(() => ({ effort, budgetTokens: count }))

/** The neutral settings: a new one is a row here, a field of {@link Settings}, and a rule in each dialect that has it. */
export const settings: { readonly [K in SettingName]-?: SettingRow<K> } = {
  maxTokens: { schema: positiveCount, doc: 'Maximum number of tokens of the response.' },
  temperature: { schema: number({ min: 0, max: 2 }), doc: 'Randomness of sampling.' },
  topP: { schema: number({ min: 0, max: 1 }), doc: 'Nucleus sampling: share of the probability mass.' },
  topK: { schema: count, doc: 'Samples from the K most likely tokens.' },
  minP: {
    schema: number({ min: 0, max: 1 }),
    doc: 'Minimum probability of a token, relative to the likeliest.',
  },
  stop: {
    schema: anyOf(nonEmptyText, listOf(nonEmptyText)),
    doc: 'Texts that end the response.',
    normalize: resolveStop,
  },
  seed: { schema: number({ whole: true }), doc: 'Seed for repeatable sampling.' },
  frequencyPenalty: {
    schema: number({ min: -2, max: 2 }),
    doc: 'Penalty by how often a token has occurred.',
  },
  presencePenalty: { schema: number({ min: -2, max: 2 }), doc: 'Penalty for tokens that have occurred.' },
  repetitionPenalty: { schema: number({ min: 0 }), doc: 'Factor against repeated tokens; 1 is neutral.' },
  logitBias: { schema: recordOf(number({ min: -100, max: 100 })), doc: 'Bias by token id, -100 to 100.' },
  logprobs: { schema: flag, doc: 'Whether to return log probabilities.' },
  topLogprobs: {
    schema: number({ whole: true, min: 0, max: 20 }),
    doc: 'Alternatives per token with their log probabilities; implies logprobs.',
    implies: { logprobs: true },
  },
  n: { schema: number({ whole: true, min: 1, max: 128 }), doc: 'Number of responses.' },
  responseFormat: {
    schema: anyOf(oneOf('text', 'json'), anyObject),
    doc: 'Text, JSON, or JSON of a schema.',
    normalize: resolveFormat,
  },
  tools: {
    schema: listOf(anyOf(tool, openaiTool)),
    doc: 'Functions that the model may call.',
    normalize: resolveTools,
  },
  toolChoice: {
    schema: anyOf(oneOf('auto', 'none', 'required'), chosenTool, openaiChoice),
    doc: 'Whether the model calls tools, or which one it must call.',
    normalize: resolveToolChoice,
  },
  parallelToolCalls: { schema: flag, doc: 'Whether one response may hold several tool calls.' },
  reasoning: {
    schema: anyOf(flag, effort, reasoning),
    doc: 'Effort or token budget of reasoning.',
    normalize: resolveReasoning,
  },
  user: { schema: text, doc: "The end user's id, for the provider's abuse checks." },
  metadata: { schema: recordOf(text), doc: 'Labels that the provider stores with the request.' },
}

/** The names of the neutral settings, in the order of their table. */
export const settingNames: readonly SettingName[] = Object.freeze(Object.keys(settings) as SettingName[])

/** The schemas of the settings, as fields of a request. */
export function settingFields(): { readonly [K in SettingName]-?: Field } {
  const fields = settingNames.map((name) => [name, settings[name].schema] as const)
  return Object.fromEntries(fields) as Record<SettingName, Field>
}

type AnyRow = SettingRow<SettingName> & {
  readonly normalize?: ((value: unknown, earlier: ResolvedSettings) => unknown) | undefined
}

/** Brings checked settings into the one shape that dialects read. Throws `invalid-request` if two contradict each other. */
export function resolveSettings(given: Settings): ResolvedSettings {
  const resolved: Record<string, unknown> = {}
  // By index: an iterator over a frozen list makes an object for each step.
  for (let at = 0; at < settingNames.length; at++) {
    const name = settingNames[at] as SettingName
    const value = given[name]
    if (value === undefined) continue
    const { normalize, implies } = settings[name] as AnyRow
    resolved[name] = normalize === undefined ? value : normalize(value, resolved)
    for (const implied of implies === undefined ? [] : Object.keys(implies))
      resolved[implied] ??= implies?.[implied as SettingName]
  }
  return resolved
}
