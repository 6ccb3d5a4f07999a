import type { Dialect, Quirks } from './dialect.ts'
import type { EmbeddingApi } from './embedding.ts'
import type { WireRules } from './fit/rules.ts'
import type { JsonObject } from './json.ts'
import type { Loadable } from './lazy.ts'
import type { ModelListApi } from './model-list.ts'
import type { ModerationApi } from './moderation.ts'
import type { SigningCredentials } from './credentials.ts'
import { checkOptions, optionsSchema } from './options.ts'
import type { ParamMap, ParamRule } from './params.ts'
import {
  anyObject,
  anyOf,
  callable,
  flag,
  group,
  json,
  kind,
  listOf,
  matching,
  nonEmptyText,
  nullable,
  oneOf,
  orInfinity,
  positiveCount,
  recordOf,
  required,
  text,
  type Group,
} from './schema.ts'
import type { TokenCountApi } from './token-count.ts'
import { settingNames } from './settings.ts'

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
  /** Whether the provider refuses earlier reasoning once something before it was changed or left out. */
  readonly boundThoughts?: boolean | undefined
  /** Wire format of calls that name none, by its name in `apis`. Default: that of the provider. */
  readonly api?: string | undefined
  /** Whether the model continues an assistant message that ends the conversation. */
  readonly prefill?: boolean | undefined
  /** Whether the model streams. False: a streamed call is sent whole, and its reply delivered in one piece. */
  readonly streams?: boolean | undefined
  /** Merged over the provider's `body`. */
  readonly body?: JsonObject | undefined
  /** Merged over the provider's parameter map. */
  readonly params?: ParamMap | undefined
  readonly quirks?: Quirks | undefined
  /** Rows that override the dialect's and the provider's rules. */
  readonly rules?: Partial<WireRules> | undefined
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
  /** Ids of other providers whose `providerOptions` this one reads too; its own win. Default: none. */
  readonly optionsOf?: readonly string[] | undefined
  /** Names of fields that `providerOptions` of a request may have, besides the dialect's. */
  readonly options?: Loadable<readonly string[]> | undefined
  /** Names of such fields that only another `api` of this provider has. */
  readonly otherOptions?: Loadable<readonly string[]> | undefined
  /** Default of the call option of that name for calls to this provider. */
  readonly onUnsupported?: 'warn' | 'error' | 'drop' | undefined
  /** Rows that override the dialect's rules. */
  readonly rules?: Partial<WireRules> | undefined
  /** Capabilities by model id, with `*` for any text. All patterns that match are merged, longer over shorter. */
  readonly models?: Readonly<Record<string, ModelCapabilities>> | undefined
  /**
   * Wire format of chat calls that name none and have no base URL of their own, by its name in `apis`. Empty: this definition's,
   * also for models with an `api`.
   */
  readonly api?: string | undefined
  /** Ids of models by other names, such as those of deployments. A name is sent as it is, with the capabilities of its model. */
  readonly aliases?: Readonly<Record<string, string>> | undefined
  /** Other wire formats of the same vendor, by the value of the option `api`. */
  readonly apis?:
    | Readonly<Record<string, Pick<ProviderDefinition, 'dialect'> & Partial<ProviderDefinition>>>
    | undefined
  /** Override the dialect's endpoints; `null` if the vendor has no such endpoint. */
  readonly embeddings?: Loadable<EmbeddingApi> | null | undefined
  readonly moderation?: Loadable<ModerationApi> | null | undefined
  readonly modelList?: Loadable<ModelListApi> | null | undefined
  /** The endpoint that counts the tokens of a request. Absent: the provider has none that is known. */
  readonly tokenCount?: Loadable<TokenCountApi> | null | undefined
  /** URL of the vendor's API reference. */
  readonly docs?: string | undefined
  /** Date of the last check against the reference: `2026-11-21`. */
  readonly verifiedOn?: string | undefined
  /** Which of this data could not be checked. */
  readonly unverified?: string | undefined
}

const PROVIDER_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/
const BASE_URL = /^https?:\/\/\S+$/
const isDialect = (value: unknown): boolean =>
  typeof (value as { render?: unknown } | null | undefined)?.render === 'function'

const names = listOf(nonEmptyText)
const texts = recordOf(text)
const rule = optionsSchema<ParamRule>()(() => ({
  to: nonEmptyText,
  clamp: kind(
    'a list of a minimum and a maximum',
    (value) => Array.isArray(value) && value.length === 2 && value[0] <= value[1],
  ),
  values: recordOf(json),
  fixed: json,
  required: json,
  requires: nonEmptyText,
  drop: nonEmptyText,
}))
/** The schema of a {@link ParamMap}. */
export const paramsSchema: Group = group(() => Object.fromEntries(settingNames.map((name) => [name, rule])))
const tokens = orInfinity(positiveCount)
/** The schema of {@link ModelCapabilities}. */
export const capabilitiesSchema: Group = optionsSchema<ModelCapabilities>()(() => ({
  contextWindow: tokens,
  maxOutput: tokens,
  images: flag,
  tools: flag,
  jsonSchema: flag,
  reasoning: flag,
  boundThoughts: flag,
  api: nonEmptyText,
  prefill: flag,
  streams: flag,
  body: anyObject,
  params: paramsSchema,
  quirks: anyObject,
  rules: anyObject,
}))
const api = nullable(anyOf(anyObject, callable))
const variable = optionsSchema<ProviderVariable>()(() => ({
  env: names,
  default: text,
  from: optionsSchema<NonNullable<ProviderVariable['from']>>()(() => ({
    variable: required(nonEmptyText),
    values: required(texts),
  })),
}))
const auth = anyOf(
  group(() => ({ type: required(oneOf('bearer', 'none')) })),
  group(() => ({
    type: required(oneOf('header')),
    name: required(nonEmptyText),
    tokens: oneOf('bearer'),
  })),
  group(() => ({ type: required(oneOf('sigv4')), service: required(nonEmptyText), env: texts })),
)
const AUTH = "{ type: 'bearer' }, { type: 'header', name }, { type: 'sigv4', service } or { type: 'none' }"

/** The schema of {@link ProviderDefinition}. */
export const providerSchema: Group = optionsSchema<ProviderDefinition>()(() => ({
  id: required(matching(PROVIDER_ID, '1 to 64 of a-z, 0-9, "-", "." and "_"')),
  name: required(text),
  vendor: nonEmptyText,
  dialect: required(kind('a dialect, such as a built-in one', isDialect)),
  baseUrl: matching(BASE_URL, 'an http(s) URL'),
  variables: recordOf(variable),
  auth: required({ ...auth, expected: AUTH }),
  env: names,
  keyRequired: flag,
  headers: texts,
  query: texts,
  paths: optionsSchema<ProviderPaths>()(() => ({ chat: required(text), stream: text })),
  body: anyObject,
  defaultModel: text,
  namespacedModels: flag,
  params: paramsSchema,
  quirks: anyObject,
  rules: anyObject,
  optionsOf: names,
  options: anyOf(names, callable),
  otherOptions: anyOf(names, callable),
  onUnsupported: oneOf('warn', 'error', 'drop'),
  models: recordOf(capabilitiesSchema),
  aliases: recordOf(nonEmptyText),
  api: text,
  apis: recordOf(anyObject),
  embeddings: api,
  moderation: api,
  modelList: api,
  tokenCount: api,
  docs: text,
  verifiedOn: text,
  unverified: text,
}))

/**
 * Checks the main fields of a provider definition and freezes it. Throws `misconfigured` with the path of what is wrong. All
 * other fields are checked when an application registers the definition, because checking the built-in ones at import
 * costs 20 ms.
 */
export function defineProvider(definition: ProviderDefinition): ProviderDefinition {
  const { id, dialect, baseUrl, auth: given } = definition
  const isSound =
    PROVIDER_ID.test(id) &&
    isDialect(dialect) &&
    given !== undefined &&
    (baseUrl === undefined || BASE_URL.test(baseUrl))
  if (!isSound) checkProvider(definition)
  return Object.freeze({ ...definition })
}

/** Checks all fields of a provider definition. Throws `misconfigured` with the path of what is wrong. */
export function checkProvider(definition: ProviderDefinition): void {
  checkOptions(`provider ${JSON.stringify(definition?.id)}`, providerSchema, definition)
}
