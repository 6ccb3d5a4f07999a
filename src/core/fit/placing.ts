import type { OptionNames } from '../dialect.ts'
import type { JsonDraft, JsonObject } from '../json.ts'
import type { Message } from '../message.ts'
import type { ProviderOptions } from '../provider-options.ts'
import type { ResolvedSettings } from '../resolved-settings.ts'
import type { Warning } from '../response.ts'

/** The parts of a call that may have options of providers. */
export interface OptionParts {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly providerOptions?: ProviderOptions | undefined
}

/** The names that a target has, and the providers whose options it reads; the last one is its own. */
export interface PlacingTarget {
  readonly providers: readonly string[]
  readonly names: OptionNames & {
    /** Names of a request that only another wire format of the provider has. */
    readonly other: readonly string[]
  }
}

/** A call whose messages, parts and tools have the fields of its target. */
export interface PlacedOptions<C> {
  readonly call: C
  /** Fields of the request. */
  readonly options: JsonObject | undefined
  /** Merges the fields of the request into a rendered body, and adds warnings about names and places. Throws `invalid-request` for a misspelt name. */
  readonly finish: (body: JsonDraft, warnings: Warning[]) => void
}

/** Places the options of a call for the target for which it was loaded. */
export type Placing = <C extends OptionParts>(call: C) => PlacedOptions<C>
