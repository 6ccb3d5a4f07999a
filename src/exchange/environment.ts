import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { ProviderVariable } from '../core/provider.ts'

/** Returns the trimmed value of the first environment variable in `names` that is set and not blank. */
export function fromEnvironment(names: readonly string[] | undefined): string | undefined {
  const env = globalThis.process?.env
  if (names === undefined || env === undefined) return undefined
  return names.map((name) => env[name]?.trim()).find((value) => value !== undefined && value !== '')
}

/** The name of the variable that {@link fromEnvironment} reads. */
export function environmentName(names: readonly string[] | undefined): string | undefined {
  return names?.find((name) => fromEnvironment([name]) !== undefined)
}

/** Converts a provider id to the form used in names of environment variables: `github-models` → `GITHUB_MODELS`. */
export function envName(provider: string): string {
  return provider.toUpperCase().replace(/[.-]/g, '_')
}

/** Replaces every `{name}` of a base URL by the value of that variable. Throws `misconfigured` if a variable is not set. */
export function fillVariables(baseUrl: string, call: Call): string {
  if (!baseUrl.includes('{')) return baseUrl
  return baseUrl.replace(/\{(\w+)\}/g, (_place, name: string) => encodeURIComponent(variableOf(call, name)))
}

/**
 * Returns the value of a variable: the call's, or else the environment's, or else the provider's default. Throws
 * `misconfigured` if there is none, or if it contains characters that could change the host of a URL.
 */
export function variableOf(call: Call, name: string): string {
  const { variables, target } = call
  const { provider, definition } = target
  const { env = [], default: fallback, from } = definition.variables?.[name] ?? {}
  const given = variables?.[name]?.trim()
  const found = given === undefined || given === '' ? (fromEnvironment(env) ?? fallback) : given
  const value = found ?? (from === undefined ? undefined : derived(from, call))
  if (value === undefined) {
    const set = env.length === 0 ? '' : `, or set ${env.join(' or ')}`
    const message = `provider "${provider}" needs the variable "${name}": pass variables: { ${name}: … }${set}`
    throw new LlmError('misconfigured', message, {
      provider,
      issues: [{ path: `variables.${name}`, message: 'is missing' }],
    })
  }
  // The value becomes part of a URL, so other characters could send the key to another host.
  if (!/^[\w.:-]+$/.test(value)) {
    const message = `the variable "${name}" of provider "${provider}" is not valid: it takes only letters, digits, ".", ":", "_" and "-"`
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
  const template = values[variableOf(call, variable)] ?? values['*']
  return template === undefined ? undefined : fillVariables(template, call)
}
