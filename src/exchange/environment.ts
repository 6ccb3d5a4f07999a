import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { ProviderVariable } from '../core/provider.ts'

/** The first of some environment variables that is set and not blank. */
export function fromEnvironment(names: readonly string[] | undefined): string | undefined {
  const env = globalThis.process?.env
  if (names === undefined || env === undefined) return undefined
  return names.map((name) => env[name]?.trim()).find((value) => value !== undefined && value !== '')
}

/** The name of the variable that {@link fromEnvironment} reads. */
export function environmentName(names: readonly string[] | undefined): string | undefined {
  return names?.find((name) => fromEnvironment([name]) !== undefined)
}

/** A provider's id as a part of an environment variable's name: `github-models` → `GITHUB_MODELS`. */
export function envName(provider: string): string {
  return provider.toUpperCase().replace(/[.-]/g, '_')
}

/** A base URL with every `{name}` filled in. Throws `misconfigured` for a variable that is not set. */
export function fillVariables(baseUrl: string, call: Call): string {
  if (!baseUrl.includes('{')) return baseUrl
  return baseUrl.replace(/\{(\w+)\}/g, (_place, name: string) => encodeURIComponent(variableOf(call, name)))
}

/** The value of a variable: of the call, of the environment, or the provider's default. Throws `misconfigured`. */
export function variableOf(call: Call, name: string): string {
  const { variables, target } = call
  const { provider, definition } = target
  const { env = [], default: standing, from } = definition.variables?.[name] ?? {}
  const given = variables?.[name]?.trim()
  const found = given === undefined || given === '' ? (fromEnvironment(env) ?? standing) : given
  const value = found ?? (from === undefined ? undefined : derived(from, call))
  if (value === undefined) {
    const set = env.length === 0 ? '' : `, or set ${env.join(' or ')}`
    const message = `provider "${provider}" needs the variable "${name}": pass variables: { ${name}: … }${set}`
    throw new LlmError('misconfigured', message, {
      provider,
      issues: [{ path: `variables.${name}`, message: 'is missing' }],
    })
  }
  // It becomes a part of an address: anything else could lead the key to another host.
  if (!/^[\w.:-]+$/.test(value)) {
    const message = `the variable "${name}" of provider "${provider}" takes letters, digits, ".", ":", "_" and "-"`
    throw new LlmError('misconfigured', message, {
      provider,
      issues: [{ path: `variables.${name}`, message: 'is not valid' }],
    })
  }
  return value
}

function derived(
  { variable, values }: NonNullable<ProviderVariable['from']>,
  call: Call,
): string | undefined {
  const form = values[variableOf(call, variable)] ?? values['*']
  return form === undefined ? undefined : fillVariables(form, call)
}
