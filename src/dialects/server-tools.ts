import { withFields } from '../core/fit/wire-fields.ts'
import {
  joinLists,
  listOf,
  mergeInto,
  objectOf,
  setPath,
  type JsonDraft,
  type JsonObject,
  type JsonValue,
} from '../core/json.ts'
import type { EncodeContext } from '../core/params.ts'
import type { ToolChoice } from '../core/request.ts'
import type {
  ServerTool,
  ServerToolForm,
  ServerToolTable,
  ServerToolType,
  ToolPlace,
} from '../core/server-tool.ts'

// Fields of a tool that are no options of it.
const NO_OPTIONS: ReadonlySet<string> = new Set(['type', 'providerOptions', 'wire'])

/** Writes server tools into the body, each by its row in the quirk `serverTools`. `list`: path of the list of tools. */
export function encodeServerTools(
  tools: readonly ServerTool[],
  { body, quirks, warn }: EncodeContext,
  list = 'tools',
): undefined {
  const table = (quirks['serverTools'] ?? {}) as ServerToolTable
  for (const tool of tools) {
    if ('raw' in tool) {
      append(body, list, withFields(tool.raw, tool))
      continue
    }
    const form = table[tool.type]
    if (form === undefined) warn(`${tool.type} was not sent: there is no such tool`, 'unsupported')
    else encodeTool(tool, form, { body, list, warn })
  }
}

interface Place {
  readonly body: JsonDraft
  readonly list: string
  readonly warn: EncodeContext['warn']
}

function encodeTool(
  tool: Exclude<ServerTool, { readonly raw: JsonObject }>,
  form: ServerToolForm,
  { body, list, warn }: Place,
): void {
  const options = Object.entries(tool).filter(([name, value]) => value !== undefined && !NO_OPTIONS.has(name))
  const left = new Set(options.map(([name]) => name))
  for (const place of form.also === undefined ? [form] : [form, form.also]) {
    const { at = list, merged } = place
    const fields = place === form ? { version: 'type', ...place.fields } : place.fields
    const item = itemOf(Object.fromEntries(options), { ...place, fields }, left)
    const whole = place === form ? withFields(item, tool) : item
    if (merged === true) mergeInto(body, at === '' ? whole : nested(at, whole))
    else append(body, at, whole)
  }
  for (const name of left)
    warn(`${name} of ${tool.type} was not sent: there is no such option, or not of this type`, 'unsupported')
  if (form.betas !== undefined) append(body, 'betas', ...form.betas)
}

function itemOf(options: JsonObject, { item, fields = {}, types }: ToolPlace, left: Set<string>): JsonDraft {
  const whole: JsonDraft = structuredClone(item ?? {})
  for (const [name, place] of Object.entries(fields)) {
    const value = options[name]
    if (value === undefined || (types?.[name] ?? typeof value) !== typeof value) continue
    left.delete(name)
    const [path, also, fixed] = typeof place === 'string' ? [place] : place
    setPath(whole, path, structuredClone(value))
    if (also !== undefined) setPath(whole, also, fixed as string)
  }
  return whole
}

function nested(path: string, value: JsonObject): JsonObject {
  const draft: JsonDraft = {}
  setPath(draft, path, value)
  return draft
}

function append(body: JsonDraft, path: string, ...items: JsonValue[]): void {
  let held: unknown = body
  for (const key of path.split('.')) held = objectOf(held)[key]
  setPath(body, path, joinLists(listOf(held) as JsonValue[], items))
}

/** The wire form of the server tool that a choice names; `undefined` if it names a tool of the caller. */
export function chosenServerTool(
  choice: ToolChoice,
  { settings, quirks }: Pick<EncodeContext, 'settings' | 'quirks'>,
): JsonObject | undefined {
  if (typeof choice === 'string' || settings.tools?.some((tool) => tool.name === choice.name) === true)
    return undefined
  return ((quirks['serverTools'] ?? {}) as ServerToolTable)[choice.name as ServerToolType]?.item
}
