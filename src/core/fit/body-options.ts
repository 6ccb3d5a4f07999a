import { LlmError } from '../error.ts'
import { mergeInto, setPath, type JsonDraft, type JsonObject } from '../json.ts'
import { nearestName } from '../nearest-name.ts'
import type { Warning } from '../response.ts'
import type { PlacingTarget } from './placing.ts'

/**
 * Merges the options of a provider into a wire body, each at its place. Throws `invalid-request` for a name that is close to
 * a known one; a known path is named by its last segment or by its first. Adds a warning for a name of another wire format, and for an unknown name, which is sent unchanged.
 */
export function mergeOptionsInto(
  body: JsonDraft,
  given: JsonObject,
  { provider, names, warnings }: { provider: string; names: PlacingTarget['names']; warnings: Warning[] },
): void {
  const { request: options = [], other: otherOptions } = names
  for (const [name, value] of Object.entries(given)) {
    const path = `providerOptions.${provider}.${name}`
    const place = options.find((option) => option === name || option.endsWith(`.${name}`))
    const isTop = place === undefined && options.some((option) => option.startsWith(`${name}.`))
    if (place === undefined && !isTop && options.length > 0) {
      if (otherOptions.includes(name)) {
        const message = `${path} was not sent: another api of the provider has it`
        warnings.push({ type: 'unsupported', path, message })
        continue
      }
      noteUnknown(name, path, { names: [...options, ...otherOptions].map(lastOf), warnings })
    }
    const nested: JsonDraft = {}
    if (place === undefined) nested[name] = value ?? null
    else setPath(nested, place, value ?? null)
    mergeInto(body, nested)
  }
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1)
}

/** Throws `invalid-request` for a name that is close to one of `names`. Adds a warning for any other name. */
export function noteUnknown(
  name: string,
  path: string,
  { names, warnings }: { names: readonly string[]; warnings: Warning[] },
): void {
  const nearest = nearestName(name, names)
  if (nearest === undefined) {
    const message = `${path} is not a known field of this provider; it was sent unchanged`
    warnings.push({ type: 'other', path, message })
    return
  }
  const message = `is not a known field; did you mean "${nearest}"?${path.startsWith('providerOptions') ? ' Use extraBody to send it anyway' : ''}`
  throw new LlmError('invalid-request', `${path} ${message}`, { issues: [{ path, message }] })
}
