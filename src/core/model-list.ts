import type { JsonValue } from './json.ts'
import type { ModelPrices } from './model-prices.ts'
import type { SettingName } from './settings.ts'

/** A model in a provider's list. Fields that the list does not give are absent. */
export interface ModelInfo {
  readonly id: string
  readonly name?: string | undefined
  readonly contextWindow?: number | undefined
  readonly maxOutput?: number | undefined
  /** Seconds since 1970. */
  readonly created?: number | undefined
  readonly ownedBy?: string | undefined
  /** Kinds of input: `text`, `image`, `audio`, `video`, `pdf`. */
  readonly inputModalities?: readonly string[] | undefined
  readonly outputModalities?: readonly string[] | undefined
  readonly tools?: boolean | undefined
  /** Whether the model enforces a JSON Schema. */
  readonly jsonSchema?: boolean | undefined
  readonly reasoning?: boolean | undefined
  /** Effort words of the model, weakest first. */
  readonly efforts?: readonly string[] | undefined
  /** Minimum and maximum thinking budget in tokens; `null` for a limit that is unknown. Absent: no budget is known. */
  readonly thinkingBudget?: readonly [number | null, number | null] | undefined
  /** Whether thinking can be turned off. */
  readonly thinkingOff?: boolean | undefined
  /** Settings that the model refuses. */
  readonly refused?: readonly SettingName[] | undefined
  readonly prices?: readonly ModelPrices[] | undefined
  readonly status?: 'active' | 'preview' | 'deprecated' | 'retired' | undefined
  /** Day of the deprecation, `2026-12-11`. */
  readonly deprecatedOn?: string | undefined
  /** Day on which the vendor shuts the model down. */
  readonly retiresOn?: string | undefined
}

/** The wire format of an endpoint that lists models. */
export interface ModelListApi {
  readonly endpoint: string
  /** The models of one page, and the query of the next page if there is one. */
  parse(reply: JsonValue): { readonly models: readonly ModelInfo[]; readonly next?: string | undefined }
}
