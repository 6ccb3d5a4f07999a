import { rowOf, setPath, type JsonDraft, type JsonObject, type JsonValue } from './json.ts'
import { LlmError } from './error.ts'
import type { Schemas } from './fit/load-schemas.ts'
import { looseRules, type WireRules } from './fit/rules.ts'
import type { ResolvedSettings } from './resolved-settings.ts'
import type { Warning } from './response.ts'
import { settingNames, type SettingName } from './settings.ts'

export { settingNames } from './settings.ts'
export type { SettingName } from './settings.ts'
export type { ResolvedFormat, ResolvedSettings, ResolvedTool } from './resolved-settings.ts'

/** How one setting is sent. Plain data, which can be read before a call. */
export interface ParamRule {
  /** Dotted path of the wire parameter. */
  readonly to?: string | undefined
  /** Minimum and maximum that the wire takes. Other values are moved to the nearer one, with a warning. */
  readonly clamp?: readonly [number, number] | undefined
  /** Wire values by neutral text values. */
  readonly values?: Readonly<Record<string, JsonValue>> | undefined
  /** Always sent. Another requested value gives a warning. */
  readonly fixed?: JsonValue | undefined
  /** Sent if the request does not set the setting. */
  readonly required?: JsonValue | undefined
  /** Field that the caller must set by `extraBody`, because the wire accepts the setting beside it only. */
  readonly requires?: string | undefined
  /** Why the setting is not sent. */
  readonly drop?: string | undefined
}
export type ParamMap = Readonly<Partial<Record<SettingName, ParamRule>>>

/** Converts the value of a setting to the wire, if renaming is not enough. Code of a dialect. */
export type Encode = (value: never, context: EncodeContext) => JsonValue | undefined
export type EncodeMap = Readonly<Partial<Record<SettingName, Encode>>>
export interface EncodeContext {
  /** The wire body so far. An encoder that sets several parameters writes the others here. */
  readonly body: JsonDraft
  readonly settings: ResolvedSettings
  readonly quirks: Readonly<Record<string, JsonValue | undefined>>
  readonly rules: WireRules
  /** The functions about schemas. Present if the settings have some. */
  readonly schemas: Schemas
  /** Adds a warning that the setting was changed, or of another type. */
  warn(message: string, type?: Warning['type']): void
}

/** Merges parameter maps, later over earlier. A later `to` cancels an earlier `drop`. */
export function mergeParams(...layers: readonly (ParamMap | undefined)[]): ParamMap {
  const merged: Partial<Record<SettingName, ParamRule>> = {}
  for (const layer of layers) {
    for (const [name, rule] of Object.entries(layer ?? {}) as [SettingName, ParamRule][]) {
      const below = merged[name] ?? {}
      const lifted = rule.drop === undefined && rule.to !== undefined ? { ...below, drop: undefined } : below
      merged[name] = { ...lifted, ...rule }
    }
  }
  return merged
}

/** The explanation of one setting. */
export interface ParamExplanation {
  readonly setting: SettingName
  /** `converted`: the schema of `responseFormat` is sent as a tool or as an instruction. */
  readonly action: 'sent' | 'fixed' | 'converted' | 'dropped'
  readonly to?: string | undefined
  readonly why?: string | undefined
  readonly clamp?: readonly [number, number] | undefined
  readonly values?: Readonly<Record<string, JsonValue>> | undefined
  readonly required?: JsonValue | undefined
  readonly fixed?: JsonValue | undefined
  readonly requires?: string | undefined
}

// Why a setting without a rule is not sent: a dialect needs no row for what its format lacks.
const NOT_IN_FORMAT = 'not in this wire format'

/** Explains for every setting where it is sent, how it is changed, or why it is dropped. */
export function explainParams(params: ParamMap): readonly ParamExplanation[] {
  return settingNames.map((setting) => {
    const rule = params[setting]
    if (
      rule === undefined ||
      rule.drop !== undefined ||
      (rule.to === undefined && rule.fixed === undefined)
    ) {
      // A schema that has no parameter goes into a tool or an instruction.
      const action = setting === 'responseFormat' ? 'converted' : 'dropped'
      return { setting, action, why: rule?.drop ?? NOT_IN_FORMAT }
    }
    const { to, clamp, values, required, fixed, requires } = rule
    const action = fixed === undefined ? 'sent' : 'fixed'
    return { setting, action, to, clamp, values, required, fixed, requires }
  })
}

/** The target of {@link applyParams}. */
export interface ParamTarget {
  readonly provider: string
  readonly model: string
  readonly params: ParamMap
  readonly encode: EncodeMap
  readonly quirks: Readonly<Record<string, JsonValue | undefined>>
  /** Default: {@link looseRules}. */
  readonly rules?: WireRules | undefined
  /** Required if the settings have schemas. */
  readonly schemas?: Schemas | undefined
  /** Fields that are merged over the body later, of `providerOptions` and `extraBody`. */
  readonly given?: JsonObject | undefined
}

/** Writes the settings into a wire body by the target's parameter map. Returns a warning for every setting that is dropped or changed. */
export function applyParams(settings: ResolvedSettings, target: ParamTarget, body: JsonDraft): Warning[] {
  const warnings: Warning[] = []
  // By index: an iterator over a frozen list makes an object for each step.
  for (let at = 0; at < settingNames.length; at++) {
    const setting = settingNames[at] as SettingName
    const value = settings[setting]
    const rule = target.params[setting]
    if (value === undefined) {
      const preset = rule?.fixed ?? rule?.required
      if (preset !== undefined && rule?.to !== undefined) setPath(body, rule.to, preset)
      continue
    }
    const wire = encodeSetting(setting, value as JsonValue, { settings, target, body, warnings })
    if (wire !== undefined && rule?.to !== undefined) setPath(body, rule.to, wire)
  }
  return warnings
}

interface Encoding {
  readonly settings: ResolvedSettings
  readonly target: ParamTarget
  readonly body: JsonDraft
  readonly warnings: Warning[]
}

function encodeSetting(setting: SettingName, value: JsonValue, encoding: Encoding): JsonValue | undefined {
  const { settings, target, body, warnings } = encoding
  const rule = target.params[setting]
  const encode = target.encode[setting] as WireEncode | undefined
  if (encode === undefined && rule?.to !== undefined && isRename(rule)) return value
  const { quirks, rules = looseRules } = target
  const schemas = target.schemas as Schemas
  const isLeftOut = rule === undefined || rule.drop !== undefined || rule.requires !== undefined
  if (isLeftOut && isDefault(setting, value)) return undefined
  const where = `${target.provider} (${target.model})`
  const report = (type: Warning['type'], message: string): void => {
    warnings.push({ type, setting, message })
  }
  if (rule === undefined || rule.drop !== undefined || (rule.to === undefined && encode === undefined)) {
    const why = rule?.drop ?? NOT_IN_FORMAT
    report('unsupported', `${setting} was not sent to ${where}: ${why}`)
    return undefined
  }
  const { requires } = rule
  if (requires !== undefined && target.given?.[requires] !== true) {
    report('unsupported', `${setting} was not sent to ${where}: it needs extraBody: { ${requires}: true }`)
    return undefined
  }
  if (rule.fixed !== undefined) {
    const asked = JSON.stringify(value)
    const only = JSON.stringify(rule.fixed)
    if (asked !== only)
      report('changed', `${setting} was sent to ${where} as ${only}, the only value it takes`)
    return rule.fixed
  }
  const bounded = clampValue(value, rule.clamp)
  if (bounded !== value) {
    const range = rule.clamp?.join(' to ')
    report(
      'changed',
      `${setting} ${JSON.stringify(value)} was sent to ${where} as ${JSON.stringify(bounded)}: it takes ${range}`,
    )
  }
  const warn = (message: string, type: Warning['type'] = 'changed'): void =>
    report(type, `${setting} for ${where}: ${message}`)
  const encoded =
    encode === undefined ? bounded : encode(bounded, { body, settings, quirks, rules, schemas, warn })
  const renamed = typeof encoded === 'string' ? rowOf(rule.values ?? {}, encoded) : undefined
  return renamed ?? encoded
}
// Values that mean the same as none, so that nothing is lost without them.
const DEFAULTS: Readonly<Partial<Record<SettingName, string>>> = {
  n: '1',
  topP: '1',
  minP: '0',
  stop: '[]',
  frequencyPenalty: '0',
  presencePenalty: '0',
  repetitionPenalty: '1',
  logitBias: '{}',
  logprobs: 'false',
  topLogprobs: '0',
  responseFormat: '{"type":"text"}',
  toolChoice: '"auto"',
  parallelToolCalls: 'true',
  reasoning: '{}',
  metadata: '{}',
}

function isDefault(setting: SettingName, value: JsonValue): boolean {
  return DEFAULTS[setting] === JSON.stringify(value)
}

// Most settings of most targets are sent unchanged under another name.
function isRename({ drop, fixed, clamp, values, requires }: ParamRule): boolean {
  return (
    drop === undefined &&
    fixed === undefined &&
    clamp === undefined &&
    values === undefined &&
    requires === undefined
  )
}

type WireEncode = (value: JsonValue, context: EncodeContext) => JsonValue | undefined

function clampValue(value: JsonValue, clamp: ParamRule['clamp']): JsonValue {
  return typeof value === 'number' && clamp !== undefined
    ? Math.min(Math.max(value, clamp[0]), clamp[1])
    : value
}

/** Applies the option `onUnsupported` to warnings: returns them, or throws `unsupported` if it is `error` and something is lost. */
export function applyUnsupportedPolicy(
  warnings: readonly Warning[],
  policy: 'warn' | 'error' | 'drop',
  target: { provider: string; model: string },
): readonly Warning[] {
  if (policy !== 'error' || warnings.length === 0) return warnings
  const losses = warnings.filter((warning) => warning.type !== 'other')
  if (losses.length === 0) return warnings
  const issues = losses.map(({ path, setting, message }) => ({
    path: path ?? setting ?? 'messages',
    message,
  }))
  const text = `${losses.map(({ message }) => message).join('; ')}. Nothing was sent; leave these out, or set onUnsupported: 'warn'`
  const { provider, model } = target
  throw new LlmError('unsupported', text, { provider, model, issues })
}
