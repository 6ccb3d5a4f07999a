import { mergeInto, type JsonDraft, type JsonObject } from '../json.ts'
import type { PlaceOptions } from '../dialect.ts'
import type { Extensible, WireFields } from '../extensible.ts'
import type { Message } from '../message.ts'
import type { ProviderOptions } from '../provider-options.ts'
import type { ResolvedSettings } from '../resolved-settings.ts'
import type { Warning } from '../response.ts'
import { mergeOptionsInto, noteUnknown } from './body-options.ts'
import type { OptionParts, PlacedOptions, PlacingTarget } from './placing.ts'

/** Places the options of `call` that are for a provider. */
export function placeOptions<C extends OptionParts>(
  call: C,
  { providers, names }: PlacingTarget,
): PlacedOptions<C> {
  const options = optionsFor(call, providers)
  const extended = addWireFields(call, providers, names.places)
  const finish = (body: JsonDraft, warnings: Warning[]): void => {
    extended?.noteUnplaced(warnings)
    const provider = providers.at(-1) ?? ''
    if (options !== undefined) mergeOptionsInto(body, options, { provider, names, warnings })
  }
  return { call: { ...call, ...extended }, options, finish }
}

/** Options of one place that are for any of some providers; those of a later one win. */
function optionsFor(
  { providerOptions }: { readonly providerOptions?: ProviderOptions | undefined },
  providers: readonly string[],
): JsonObject | undefined {
  if (providerOptions === undefined) return undefined
  let found: JsonDraft | undefined
  for (const id of providers) {
    const own = providerOptions[id] as JsonObject | undefined
    if (own !== undefined) mergeInto((found ??= {}), own)
  }
  return found
}

interface Extended {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  /** Adds a warning for each place and each name that the wire format does not have. Called after rendering. */
  readonly noteUnplaced: (warnings: Warning[]) => void
}

/**
 * Gives messages, parts and tools the fields that they have for any of some providers. `undefined` if there are none. `known`:
 * the names that the wire format has; a close one that it has not throws `invalid-request`.
 */
function addWireFields(
  { messages, settings }: OptionParts,
  providers: readonly string[],
  known?: PlaceOptions,
): Extended | undefined {
  const all: WireFields[] = []
  const extend = <T extends Extensible>(place: T, path: string): T => {
    const fields = optionsFor(place, providers)
    if (fields === undefined) return place
    const wire = { fields, path, placed: false }
    all.push(wire)
    return { ...place, wire }
  }
  const extended = messages.map((message, at): Message => {
    const own = extend(message, `messages.${at}`)
    if (typeof own.content === 'string') return own
    const parts: readonly Extensible[] = own.content
    if (parts.every(({ providerOptions }) => providerOptions === undefined)) return own
    const content = parts.map((part, index) => extend(part, `messages.${at}.content.${index}`))
    return { ...own, content } as unknown as Message
  })
  const tools = settings.tools?.map((tool, at) => extend(tool, `tools.${at}`))
  const serverTools = settings.serverTools?.map((tool, at) => extend(tool, `serverTools.${at}`))
  if (all.length === 0) return undefined
  const noteUnplaced = (warnings: Warning[]): void => {
    for (const wire of all) {
      const { path, placed } = wire
      if (placed && known !== undefined)
        checkNames(wire, known, { provider: providers.at(-1) ?? '', warnings })
      if (placed) continue
      const message = `providerOptions of ${path} were not sent: the wire format has no place for them`
      warnings.push({ type: 'unsupported', path: `${path}.providerOptions`, message })
    }
  }
  return {
    messages: extended,
    settings: { ...settings, tools, serverTools },
    noteUnplaced,
  }
}

function checkNames(
  { fields, path }: WireFields,
  { message, part, tool }: PlaceOptions,
  { provider, warnings }: { provider: string; warnings: Warning[] },
): void {
  // Vendors name the tools that they run as they like.
  if (path.startsWith('serverTools')) return
  const isTool = path.startsWith('tools')
  const words = isTool ? tool : path.includes('.content.') ? part : `${message} ${part}`
  const names = words.split(' ')
  for (const name of Object.keys(fields))
    if (!names.includes(name))
      noteUnknown(name, `${path}.providerOptions.${provider}.${name}`, { names, warnings })
}
