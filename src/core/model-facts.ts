import type { ModelInfo } from './model-list.ts'

export type { ModelPrices, TokenPrices } from './model-prices.ts'

/** The rules of a model's prompt cache. */
export interface CacheRules {
  /** Smallest prefix that is cached, in tokens. */
  readonly minTokens?: number | undefined
  /** Whether the caller marks what is cached, or the vendor caches by itself. */
  readonly mode?: 'marked' | 'automatic' | undefined
  readonly maxMarks?: number | undefined
  readonly ttls?: readonly string[] | undefined
}

/** Where a fact is from. */
export interface FactSource {
  readonly name: string
  /** Date of its state, `2026-07-02`. */
  readonly asOf: string
}

/** What is known of a model of a provider. Absent fields are unknown. */
export interface ModelFacts extends ModelInfo {
  readonly provider: string
  /** Other ids of the same model. */
  readonly aliases?: readonly string[] | undefined
  /** Maximum tokens of a prompt, if it is less than the context window. */
  readonly maxInput?: number | undefined
  readonly family?: string | undefined
  /** Month or day of the newest training data. */
  readonly knowledge?: string | undefined
  readonly releasedOn?: string | undefined
  /** Wire field in which earlier reasoning is sent back, or true if it is known only that it is. */
  readonly replayField?: string | true | undefined
  readonly cache?: CacheRules | undefined
  /** The sources of this row, newest first. */
  readonly sources: readonly FactSource[]
}

/** Facts of models, found by provider and id. */
export interface ModelTable {
  /** Returns the facts of a model by its exact id, an alias, or its id without date, version or vendor. `undefined` if there are none. */
  get(provider: string, model: string): ModelFacts | undefined
  /** Lists the models of a provider, or of all. */
  list(provider?: string): readonly ModelFacts[]
}

/** Facts of an application's own, which replace those that are known field by field. Default of `sources`: the name `own`. */
export type OwnFacts = Partial<ModelFacts> & Pick<ModelFacts, 'provider' | 'id'>
