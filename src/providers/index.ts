import type { ProviderDefinition } from '../core/provider.ts'
import * as providers from './catalogue/index.ts'

/** Every built-in provider, in the order of their ids. */
export const catalogue: readonly ProviderDefinition[] = Object.freeze(
  Object.values(providers).toSorted((one, other) => (one.id < other.id ? -1 : 1)),
)
