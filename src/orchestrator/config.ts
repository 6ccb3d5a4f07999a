import type { Clock } from '../core/clock.ts'
import type { CredentialSource } from '../core/credentials.ts'
import { LlmError } from '../core/error.ts'
import type { Logger } from '../core/log.ts'
import { defineProvider, type ProviderDefinition } from '../core/provider.ts'
import type { StreamLimits, Timeouts } from '../core/request.ts'
import type { KeySource } from '../core/secret.ts'
import type { Transport } from '../core/wire.ts'
import { createFetchTransport } from '../transport/index.ts'

/** How one provider is reached by this host. */
export interface ProviderConfig {
  /** A built-in provider of which this is another deployment, under a name of your own. */
  readonly extends?: string | undefined
  readonly apiKey?: KeySource | undefined
  readonly credentials?: CredentialSource | undefined
  /** With its version part. Holds for every `api` of the provider. */
  readonly baseUrl?: string | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly transport?: Transport | undefined
  readonly defaultModel?: string | undefined
}

/** Options of `createOrchestrator`. Each is optional; an absent one costs nothing. */
export interface OrchestratorOptions {
  /** Built-in providers by id with this host's access, deployments that extend one, and definitions of your own. */
  readonly providers?: Readonly<Record<string, ProviderConfig | ProviderDefinition>> | undefined
  readonly timeouts?: Timeouts | undefined
  readonly stream?: StreamLimits | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly transport?: Transport | undefined
  readonly onUnsupported?: 'warn' | 'error' | 'drop' | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** What a host's configuration adds to a provider's definition. */
export interface ProviderAccess {
  readonly apiKey?: KeySource | undefined
  readonly credentials?: CredentialSource | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly transport?: Transport | undefined
}

export interface ReadProviders {
  readonly definitions: readonly ProviderDefinition[]
  readonly access: ReadonlyMap<string, ProviderAccess>
}

const OPTION_NAMES: ReadonlySet<string> = new Set([
  'providers',
  'timeouts',
  'stream',
  'fetch',
  'transport',
  'onUnsupported',
  'logger',
  'clock',
])
const CONFIG_NAMES: ReadonlySet<string> = new Set([
  'extends',
  'apiKey',
  'credentials',
  'baseUrl',
  'variables',
  'headers',
  'fetch',
  'transport',
  'defaultModel',
])
const TIMEOUT_NAMES: ReadonlySet<string> = new Set([
  'connectMs',
  'headersMs',
  'firstContentMs',
  'idleMs',
  'totalMs',
])
const STREAM_NAMES: ReadonlySet<string> = new Set(['maxBytes', 'maxEventBytes', 'maxReplyBytes'])

/** Checks the options; throws `misconfigured` naming the field. Misspelt names are refused: a limit nobody reads protects nobody. */
export function checkOptions(options: OrchestratorOptions): void {
  checkNames(options, OPTION_NAMES, '')
  for (const [field, names] of [
    ['timeouts', TIMEOUT_NAMES],
    ['stream', STREAM_NAMES],
  ] as const) {
    const group = options[field]
    if (group === undefined) continue
    checkNames(group, names, `${field}.`)
    for (const [name, value] of Object.entries(group)) {
      if (value !== undefined && !(typeof value === 'number' && value >= 0))
        refuse(`${field}.${name}`, 'takes a number of 0 or more')
    }
  }
}

/** The catalogue with the host's providers laid over it. */
export function readProviders(
  catalogue: readonly ProviderDefinition[],
  configured: OrchestratorOptions['providers'],
): ReadProviders {
  const definitions = new Map(catalogue.map((definition) => [definition.id, definition]))
  const access = new Map<string, ProviderAccess>()
  for (const [id, entry] of Object.entries(configured ?? {})) {
    if (isDefinition(entry)) {
      definitions.set(id, entry.id === id ? entry : defineProvider({ ...entry, id }))
      continue
    }
    checkNames(entry, CONFIG_NAMES, `providers.${id}.`)
    const base = definitions.get(entry.extends ?? id)
    if (base === undefined) {
      const fix =
        entry.extends === undefined
          ? `is unknown: give extends, for example extends: 'openai-compatible'`
          : `extends the unknown provider "${entry.extends}"`
      refuse(`providers.${id}`, fix)
    }
    const { baseUrl = base.baseUrl, defaultModel = base.defaultModel } = entry
    const apis = entry.baseUrl === undefined ? base.apis : withoutBaseUrls(base.apis)
    definitions.set(id, defineProvider({ ...base, id, baseUrl, defaultModel, apis }))
    const transport =
      entry.transport ?? (entry.fetch === undefined ? undefined : createFetchTransport(entry.fetch))
    const { apiKey, credentials, variables, headers } = entry
    access.set(id, { apiKey, credentials, variables, headers, transport })
  }
  return { definitions: [...definitions.values()], access }
}

// A host that moves a provider moves all its apis: their own addresses would lead back to the vendor.
function withoutBaseUrls(apis: ProviderDefinition['apis']): ProviderDefinition['apis'] {
  if (apis === undefined) return undefined
  const moved = Object.entries(apis).map(([name, { baseUrl: _old, ...api }]) => [name, api] as const)
  return Object.fromEntries(moved)
}

function isDefinition(entry: ProviderConfig | ProviderDefinition): entry is ProviderDefinition {
  return 'dialect' in entry
}

function checkNames(value: object, known: ReadonlySet<string>, lead: string): void {
  const odd = Object.keys(value).find((name) => !known.has(name))
  if (odd !== undefined) refuse(`${lead}${odd}`, `is not an option; known: ${[...known].join(', ')}`)
}

function refuse(path: string, problem: string): never {
  throw new LlmError('misconfigured', `createOrchestrator: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
