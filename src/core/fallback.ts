import { anyOf, group, listOf, nonEmptyText, oneOf, required, type Field } from './schema.ts'

/** Targets with the order in which a call tries them. */
export interface OrderedFallback {
  /** As `provider/model` each. */
  readonly targets: readonly string[]
  /**
   * `written`: as listed. `health`: healthy targets first, and of equals the one with the shortest time to the first content;
   * targets that were not called yet count as healthy. Default `written`.
   */
  readonly order?: 'written' | 'health' | undefined
}

/** Targets to try after the requested one, as `provider/model`; a list is tried in the order written. */
export type Fallback = readonly string[] | OrderedFallback

/** The schema of {@link Fallback}. */
export const fallbackField: Field = anyOf(
  listOf(nonEmptyText),
  group(() => ({ targets: required(listOf(nonEmptyText)), order: oneOf('written', 'health') })),
)

/** A fallback in its long form. */
export function orderedFallback(fallback: Fallback): OrderedFallback {
  return 'targets' in fallback ? fallback : { targets: fallback }
}
