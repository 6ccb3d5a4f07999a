import { LlmError } from './error.ts'
import type { Dialect, Quirks } from './dialect.ts'
import type { EmbeddingApi } from './embedding.ts'
import type { JsonObject } from './json.ts'
import type { ModelListApi } from './model-list.ts'
import type { ModerationApi } from './moderation.ts'
import type { SigningCredentials } from './credentials.ts'
import type { ParamMap } from './params.ts'

/** How a key is sent. `none`: no key is ever sent. */
export type Auth = { readonly type: 'bearer' } | HeaderAuth | { readonly type: 'none' } | SigningAuth

/** Sends the key in a header of its own. */
export interface HeaderAuth {
  readonly type: 'header'
  readonly name: string
  /** `bearer`: a JSON web token in place of the key is sent as `Authorization: Bearer`. */
  readonly tokens?: 'bearer' | undefined
}

/**
 * Signs requests by AWS Signature Version 4, with the call's credentials, for the region of the variable `region`. A key, if
 * given, is sent as a bearer token instead.
 */
export interface SigningAuth {
  readonly type: 'sigv4'
  /** Name of the service in signatures. */
  readonly service: string
  /** Names of the environment variables of the credentials. */
  readonly env?: Readonly<Record<keyof SigningCredentials, string>> | undefined
}

/** A variable in a base URL or query that the application sets: `{region}`. */
export interface ProviderVariable {
  /** Names of environment variables that are read in order. */
  readonly env?: readonly string[] | undefined
  readonly default?: string | undefined
  /** Derives the value from another variable if it is not set: by that variable's value, `*` for all others. */
  readonly from?: { readonly variable: string; readonly values: Readonly<Record<string, string>> } | undefined
}

/** Paths of the chat endpoint that override the dialect's; `{model}` is replaced by the model's id. */
export interface ProviderPaths {
  readonly chat: string
  /** Default: `chat`. */
  readonly stream?: string | undefined
}

/**
 * Capabilities of a model. Absent ones are unknown and refuse nothing. A call that asks for more than the known ones is
 * adapted with a warning, or refused under `onUnsupported: 'error'`.
 */
export interface ModelCapabilities {
  /** Maximum tokens of prompt and response together. */
  readonly contextWindow?: number | undefined
  /** Maximum tokens of a response. */
  readonly maxOutput?: number | undefined
  /** Whether the model accepts images. */
  readonly images?: boolean | undefined
  /** Whether the model calls tools. */
  readonly tools?: boolean | undefined
  /** Whether the model enforces a JSON Schema. False: the schema is sent as an instruction. */
  readonly jsonSchema?: boolean | undefined
  /** Whether the model reasons, always or on request. */
  readonly reasoning?: boolean | undefined
  /** Whether the model continues an assistant message that ends the conversation. */
  readonly prefill?: boolean | undefined
  /** Merged over the provider's `body`. */
  readonly body?: JsonObject | undefined
  /** Merged over the provider's parameter map. */
  readonly params?: ParamMap | undefined
  readonly quirks?: Quirks | undefined
}

/** A provider: its dialect, its address, and how it deviates from the dialect. */
export interface ProviderDefinition {
  /** Lower-case letters, digits, `-`, `.` and `_`: the prefix in `provider/model`. */
  readonly id: string
  readonly name: string
  /** Vendor of the models. Deployments of one vendor accept each other's encrypted and signed parts. Default: the id. */
  readonly vendor?: string | undefined
  readonly dialect: Dialect
  /** Base URL with its version part; `{name}` is replaced by a variable. Absent: the caller must give one. */
  readonly baseUrl?: string | undefined
  /** The variables of base URL and query, by name. */
  readonly variables?: Readonly<Record<string, ProviderVariable>> | undefined
  readonly auth: Auth
  /** Names of environment variables that are read for the key, in order. */
  readonly env?: readonly string[] | undefined
  /** Whether the provider requires a key; local servers do not. Default true. */
  readonly keyRequired?: boolean | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Query parameters of every request; `{name}` is replaced by a variable. */
  readonly query?: Readonly<Record<string, string>> | undefined
  /** Paths that override the dialect's. If a path has `{model}`, the body has no model. */
  readonly paths?: ProviderPaths | undefined
  /** Fields of the body of every chat request. */
  readonly body?: JsonObject | undefined
  readonly defaultModel?: string | undefined
  /** Whether model ids contain a slash themselves (`vendor/model`). Default false. */
  readonly namespacedModels?: boolean | undefined
  readonly params?: ParamMap | undefined
  readonly quirks?: Quirks | undefined
  /** Capabilities by model id, with `*` for any text. All patterns that match are merged, longer over shorter. */
  readonly models?: Readonly<Record<string, ModelCapabilities>> | undefined
  /** Other wire formats of the same vendor, by the value of the option `api`. */
  readonly apis?:
    | Readonly<Record<string, Pick<ProviderDefinition, 'dialect'> & Partial<ProviderDefinition>>>
    | undefined
  /** Override the dialect's endpoints; `null` if the vendor has no such endpoint. */
  readonly embeddings?: EmbeddingApi | null | undefined
  readonly moderation?: ModerationApi | null | undefined
  readonly modelList?: ModelListApi | null | undefined
  /** URL of the vendor's API reference. */
  readonly docs?: string | undefined
  /** Date of the last check against the reference: `2026-11-21`. */
  readonly verifiedOn?: string | undefined
  /** Which of this data could not be checked. */
  readonly unverified?: string | undefined
}

/** Checks and freezes a provider definition. Throws `misconfigured` with the name of the wrong field. */
export function defineProvider(definition: ProviderDefinition): ProviderDefinition {
  const { id, dialect, baseUrl, auth } = definition
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(id)) fail(id, 'id', 'must be 1 to 64 of a-z, 0-9, "-", "." and "_"')
  if (typeof dialect?.render !== 'function')
    fail(id, 'dialect', 'is missing: take one of the built-in dialects')
  if (auth === undefined)
    fail(id, 'auth', "is missing: { type: 'bearer' }, { type: 'header', name } or { type: 'none' }")
  if (baseUrl !== undefined && !/^https?:\/\/\S+$/.test(baseUrl))
    fail(id, 'baseUrl', 'must be an http(s) URL')
  return Object.freeze({ ...definition })
}

function fail(id: string, field: string, problem: string): never {
  throw new LlmError('misconfigured', `provider ${JSON.stringify(id)}: ${field} ${problem}`, {
    provider: id,
  })
}
