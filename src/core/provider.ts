import { LlmError } from './error.ts'
import type { Dialect, Quirks } from './dialect.ts'
import type { EmbeddingApi } from './embedding.ts'
import type { JsonObject } from './json.ts'
import type { ModelListApi } from './model-list.ts'
import type { ModerationApi } from './moderation.ts'
import type { SigningCredentials } from './credentials.ts'
import type { ParamMap } from './params.ts'

/** How the key travels. `none`: no key is ever sent. */
export type Auth = { readonly type: 'bearer' } | HeaderAuth | { readonly type: 'none' } | SigningAuth

/** The key alone in a header of its own. */
export interface HeaderAuth {
  readonly type: 'header'
  readonly name: string
  /** `bearer`: a JSON web token that is given in place of the key goes as `Authorization: Bearer`. */
  readonly tokens?: 'bearer' | undefined
}

/**
 * An AWS signature, version 4, made with the call's credentials for the region that the variable `region` names. A key
 * that is given goes as a bearer token instead.
 */
export interface SigningAuth {
  readonly type: 'sigv4'
  /** The service's name in signatures. */
  readonly service: string
  /** Environment variables that may hold the credentials. */
  readonly env?: Readonly<Record<keyof SigningCredentials, string>> | undefined
}

/** A part of a base URL, or of a query, that each host sets: `{region}`. */
export interface ProviderVariable {
  /** Environment variables that may hold it, in order. */
  readonly env?: readonly string[] | undefined
  readonly default?: string | undefined
  /** Follows from another variable, where nobody sets it: that one's value → this one's, `*` for all others. */
  readonly from?: { readonly variable: string; readonly values: Readonly<Record<string, string>> } | undefined
}

/** Where a vendor puts the chat endpoint, in place of its dialect's; `{model}` stands for the model's id. */
export interface ProviderPaths {
  readonly chat: string
  /** Default: `chat`. */
  readonly stream?: string | undefined
}

/**
 * What a model can do and take. Sparse: what is not said is not known, and nothing is refused for it. What is said is kept:
 * a call that asks for more is brought into bounds with a warning, or refused under `onUnsupported: 'error'`.
 */
export interface ModelCapabilities {
  /** Tokens of prompt and answer together. */
  readonly contextWindow?: number | undefined
  /** Tokens of the longest answer. */
  readonly maxOutput?: number | undefined
  /** Takes images. */
  readonly images?: boolean | undefined
  /** Calls tools. */
  readonly tools?: boolean | undefined
  /** Holds its answer to a JSON Schema. False: the schema is told as an instruction. */
  readonly jsonSchema?: boolean | undefined
  /** Thinks before it answers, always or when asked to. */
  readonly reasoning?: boolean | undefined
  /** Goes on from an assistant turn that ends the conversation. */
  readonly prefill?: boolean | undefined
  /** Laid over the provider's own `body`. */
  readonly body?: JsonObject | undefined
  /** Laid over the provider's parameter map. */
  readonly params?: ParamMap | undefined
  readonly quirks?: Quirks | undefined
}

/** One way to reach a vendor: its dialect and what differs. */
export interface ProviderDefinition {
  /** Lower-case letters, digits, `-`, `.` and `_`: the prefix in `provider/model`. */
  readonly id: string
  readonly name: string
  /** Whose models answer: what one of its deployments sealed or signed, another takes back. Default: the id. */
  readonly vendor?: string | undefined
  readonly dialect: Dialect
  /** With its version part; `{name}` stands for a variable. Left out: the caller must give one. */
  readonly baseUrl?: string | undefined
  /** What `{name}` in the base URL may be, by name. */
  readonly variables?: Readonly<Record<string, ProviderVariable>> | undefined
  readonly auth: Auth
  /** Environment variables that may hold the key, in order. */
  readonly env?: readonly string[] | undefined
  /** False for local servers and others that answer without a key. Default true. */
  readonly keyRequired?: boolean | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Goes with the address of every request; `{name}` stands for a variable. */
  readonly query?: Readonly<Record<string, string>> | undefined
  /** With `{model}` in a path, the model is left out of the body. */
  readonly paths?: ProviderPaths | undefined
  /** Fields that every chat request carries, whatever is asked for. */
  readonly body?: JsonObject | undefined
  readonly defaultModel?: string | undefined
  /** True where model ids hold a slash themselves (`vendor/model`). */
  readonly namespacedModels?: boolean | undefined
  readonly params?: ParamMap | undefined
  readonly quirks?: Quirks | undefined
  /** Model id, with `*` for anything, → traits. The longest pattern that fits wins, laid over shorter ones. */
  readonly models?: Readonly<Record<string, ModelCapabilities>> | undefined
  /** Other wire formats of the same vendor, by the `api` name that chooses them. */
  readonly apis?:
    | Readonly<Record<string, Pick<ProviderDefinition, 'dialect'> & Partial<ProviderDefinition>>>
    | undefined
  /** In place of the dialect's own; `null` where the vendor has no such endpoint. */
  readonly embeddings?: EmbeddingApi | null | undefined
  readonly moderation?: ModerationApi | null | undefined
  readonly modelList?: ModelListApi | null | undefined
  /** The vendor's API reference. */
  readonly docs?: string | undefined
  /** When the wire was last checked against it: `2026-11-21`. */
  readonly verifiedOn?: string | undefined
  /** What of this data could not be checked there. */
  readonly unverified?: string | undefined
}

/** Checks and freezes a provider's data. Throws `misconfigured` naming the field. */
export function defineProvider(definition: ProviderDefinition): ProviderDefinition {
  const { id, dialect, baseUrl, auth } = definition
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(id)) fail(id, 'id', 'takes 1 to 64 of a-z, 0-9, "-", "." and "_"')
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
