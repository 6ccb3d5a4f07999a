import type { JsonValue } from './json.ts'

/** A model as a provider lists it. What the list does not say is left out. */
export interface ModelInfo {
  readonly id: string
  readonly name?: string | undefined
  readonly contextWindow?: number | undefined
  readonly maxOutput?: number | undefined
  /** Seconds since 1970. */
  readonly created?: number | undefined
  readonly ownedBy?: string | undefined
}

/** One way to ask for the list of models. */
export interface ModelListApi {
  readonly endpoint: string
  /** The models of one page, and the query that gets the next. */
  parse(reply: JsonValue): { readonly models: readonly ModelInfo[]; readonly next?: string | undefined }
}
