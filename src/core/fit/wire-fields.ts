import { mergeInto, type JsonDraft, type JsonObject } from '../json.ts'
import type { Extensible, WireFields } from '../extensible.ts'
import type { Message } from '../message.ts'
import type { ProviderOptions } from '../provider-options.ts'
import type { ResolvedSettings } from '../resolved-settings.ts'
import type { Warning } from '../response.ts'

/** Merges the fields of a message, part or tool into its wire form. */
export function withFields<T extends JsonObject>(wire: T, { wire: own }: Extensible): T {
  if (own === undefined) return wire
  own.placed = true
  const extended: JsonDraft = { ...wire }
  mergeInto(extended, own.fields)
  return extended as T
}

/** The same for a wire form of several blocks, of which the last gets the fields. */
export function withFieldsInLast(blocks: JsonObject[], part: Extensible): JsonObject[] {
  const last = blocks.at(-1)
  if (part.wire === undefined || last === undefined) return blocks
  return [...blocks.slice(0, -1), withFields(last, part)]
}

/** Options of one place that are for any of some providers; those of a later one win. */
export function optionsFor(
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

interface Parts {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
}

interface Extended {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  /** Adds a warning for each place that the wire format does not have. Called after rendering. */
  readonly noteUnplaced: (warnings: Warning[]) => void
}

/** Gives messages, parts and tools the fields that they have for any of some providers. `undefined` if there are none. */
export function addWireFields(
  { messages, settings }: Parts,
  providers: readonly string[],
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
    for (const { path, placed } of all) {
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

/** Whether any message, part or tool has options of a provider. */
export function hasOptions({ messages, settings: { tools, serverTools } }: Parts): boolean {
  return (
    messages.some(ownOptions) || tools?.some(isExtended) === true || serverTools?.some(isExtended) === true
  )
}

function ownOptions(message: Message): boolean {
  if (isExtended(message)) return true
  return typeof message.content !== 'string' && (message.content as readonly Extensible[]).some(isExtended)
}

function isExtended({ providerOptions }: Extensible): boolean {
  return providerOptions !== undefined
}
