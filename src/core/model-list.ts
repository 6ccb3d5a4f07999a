import type { JsonValue } from './json.ts'

/** A model in a provider's list. Fields that the list does not give are absent. */
export interface ModelInfo {
  readonly id: string
  readonly name?: string | undefined
  readonly contextWindow?: number | undefined
  readonly maxOutput?: number | undefined
  /** Seconds since 1970. */
  readonly created?: number | undefined
  readonly ownedBy?: string | undefined
}

/** The wire format of an endpoint that lists models. */
export interface ModelListApi {
  readonly endpoint: string
  /** The models of one page, and the query of the next page if there is one. */
  parse(reply: JsonValue): { readonly models: readonly ModelInfo[]; readonly next?: string | undefined }
}
