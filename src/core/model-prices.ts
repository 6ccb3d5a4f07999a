/** Prices of tokens in USD per million. Absent ones are unknown, never free. */
export interface TokenPrices {
  readonly input?: number | undefined
  readonly output?: number | undefined
  /** Price of reasoning tokens, if it is not that of the output. */
  readonly reasoning?: number | undefined
  readonly cacheRead?: number | undefined
  /** Prices of writing a prompt cache, by its time to live. `default` is that of the vendor's default. */
  readonly cacheWrite?: Readonly<Partial<Record<'default' | '1h', number>>> | undefined
  readonly inputAudio?: number | undefined
  readonly outputAudio?: number | undefined
}

/** The prices of a model from a date on. */
export interface ModelPrices extends TokenPrices {
  /** First day on which they hold, `2026-12-01`. Absent: since the model exists. */
  readonly from?: string | undefined
  /** Prices of a whole request whose input has more tokens than `overTokens`, smallest first. */
  readonly tiers?: readonly (TokenPrices & { readonly overTokens: number })[] | undefined
  /** USD per web search of the vendor. */
  readonly perSearch?: number | undefined
  /** Factor of all prices in a batch. */
  readonly batchFactor?: number | undefined
  /** Factors of all prices by the vendor's service tier, such as `flex` and `priority`. */
  readonly tierFactors?: Readonly<Record<string, number>> | undefined
}
