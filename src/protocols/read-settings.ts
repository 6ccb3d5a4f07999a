import type { ParamMap, ParamRule } from '../core/params.ts'
import type { ReasoningEffort, Settings } from '../core/request.ts'
import { settings, type SettingName } from '../core/settings.ts'
import type { JsonReader } from './json-reader.ts'

/**
 * Reads the number settings that a wire format carries under a name of their own. `params` is the parameter map of the
 * format's dialect, read backwards: `to` names the field, `clamp` narrows the range. So a new number setting needs a row
 * in the map and nothing here.
 */
export function readNumberSettings(body: JsonReader, params: ParamMap): Settings {
  const found = Object.entries(params).flatMap(([name, { to, clamp, drop }]: [string, ParamRule]) => {
    const { rule } = settings[name as SettingName].schema
    if (rule === undefined || to === undefined || drop !== undefined) return []
    const [least = rule.min, most = rule.max] = clamp ?? []
    const value = body.number(to, { whole: rule.whole, min: least, max: most })
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(found)
}

/** Reads stop sequences: a string or a list. Empty ones are left out. */
export function readStop(body: JsonReader, name: string): string | readonly string[] | undefined {
  const value = body.raw(name)
  if (typeof value === 'string') return value === '' ? undefined : value
  const texts = body.texts(name)?.filter((text) => text !== '')
  return texts === undefined || texts.length === 0 ? undefined : texts
}

const EFFORTS: readonly ReasoningEffort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

export function readEffort(fields: JsonReader | undefined, name: string): ReasoningEffort | undefined {
  return fields?.oneOf(name, EFFORTS)
}

/** Reads the response format. A JSON schema may be nested in `json_schema` (chat completions) or not (other formats). */
export function readFormat(fields: JsonReader | undefined): Settings['responseFormat'] {
  switch (fields?.oneOf('type', ['text', 'json_object', 'json_schema'])) {
    case 'text':
      return { type: 'text' }
    case 'json_object':
      return { type: 'json' }
    case 'json_schema': {
      const inner = fields.object('json_schema') ?? fields
      const schema = inner.json('schema')
      const description = inner.text('description')
      return { type: 'json', schema, name: inner.text('name'), description, strict: inner.flag('strict') }
    }
    case undefined:
      return undefined
  }
}
