import { LlmError } from '../core/error.ts'
import { isObject } from '../core/json.ts'
import { nearestName } from '../core/nearest-name.ts'

/** A part of a chat that a prompt template can have a text for. */
export type PromptPart = 'system' | 'user' | 'assistant'

/** All parts, in their canonical order. */
export const promptParts: readonly PromptPart[] = Object.freeze(['system', 'user', 'assistant'] as const)

/**
 * Names that the texts of a template expect in the data: one list per part, or one for all parts. A `?` at the end of
 * a name marks it as optional.
 */
export type Placeholders = readonly string[] | Partial<Readonly<Record<PromptPart, readonly string[]>>>

/** A named set of templates for the parts of a chat. A part without a template is sent unchanged. */
export interface PromptTemplate {
  /** 1 to 100 letters, digits, `_` and `-`. */
  readonly name: string
  readonly description?: string | undefined
  /** Receives the system message of the request as `original_system_message_from_request`. */
  readonly system?: string | undefined
  /** Receives the text of a user message as `message_content`. */
  readonly user?: string | undefined
  /** Receives the text of an assistant message as `message_content`. */
  readonly assistant?: string | undefined
  readonly placeholders?: Placeholders | undefined
}

const NAME = /^[A-Za-z0-9_-]{1,100}$/
const MAX_PLACEHOLDERS = 1_000

/** Whether a value is a valid name of a prompt template. Such a name cannot lead out of a folder. */
export function isPromptName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name)
}

// Names of the texts in the files of a server in Python.
const OTHER_NAMES: Readonly<Record<PromptPart, string>> = {
  system: 'system_message_template',
  user: 'user_message_content_template',
  assistant: 'assistant_message_content_template',
}
const FIELDS: readonly string[] = ['name', 'description', ...promptParts, 'placeholders']

/**
 * Validates a prompt template. Throws `template-failed` with the path of the invalid or unknown field. `name` overrides its
 * name. Texts may also be named `system_message_template`, `user_message_content_template` and
 * `assistant_message_content_template`.
 */
export function definePromptTemplate(value: unknown, name?: string): PromptTemplate {
  if (!isObject(value))
    return refuse(undefined, '', `expected an object with a name and texts, ${got(value)}`)
  const own = name ?? value['name']
  if (!isPromptName(own))
    return refuse(undefined, 'name', `expected 1 to 100 letters, digits, _ or -, ${got(own)}`)
  refuseUnknown(value, {
    known: [...FIELDS, ...Object.values(OTHER_NAMES)],
    shown: FIELDS,
    owner: own,
    lead: '',
  })
  return Object.freeze({
    name: own,
    description: optionalText(value, 'description', own),
    system: textOf(value, 'system', own),
    user: textOf(value, 'user', own),
    assistant: textOf(value, 'assistant', own),
    placeholders: readPlaceholders(value['placeholders'], own),
  })
}

function textOf(value: Record<string, unknown>, part: PromptPart, owner: string): string | undefined {
  const other = OTHER_NAMES[part]
  const [text, same] = [optionalText(value, part, owner), optionalText(value, other, owner)]
  if (text !== undefined && same !== undefined)
    refuse(owner, other, `is the same field as ${part}; leave one of them out`)
  return text ?? same
}

interface KnownFields {
  readonly known: readonly string[]
  /** Those that a misspelt name may mean. */
  readonly shown: readonly string[]
  readonly owner: string
  /** Path of the object, with a dot at the end. */
  readonly lead: string
}

const MAX_SHOWN = 5

function refuseUnknown(value: Record<string, unknown>, { known, shown, owner, lead }: KnownFields): void {
  const names = Object.keys(value).filter((name) => !known.includes(name) && value[name] !== undefined)
  if (names.length === 0) return
  const issues = names.slice(0, MAX_SHOWN).map((name) => {
    const nearest = nearestName(name, shown)
    const advice = nearest === undefined ? `takes ${shown.join(', ')}` : `did you mean "${nearest}"?`
    return { path: `${lead}${name.slice(0, 100)}`, message: `unknown field; ${advice}` }
  })
  const said = issues.map(({ path, message }) => `at ${path}: ${message}`).join(' And ')
  throw new LlmError('template-failed', `Prompt template "${owner}" ${said}`, { issues })
}

function optionalText(value: Record<string, unknown>, field: string, owner: string): string | undefined {
  const text = value[field]
  if (text === undefined || text === null) return undefined
  return typeof text === 'string' ? text : refuse(owner, field, `expected a string, ${got(text)}`)
}

function readPlaceholders(value: unknown, owner: string): Placeholders | undefined {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) return readNames(value, 'placeholders', owner)
  if (!isObject(value))
    return refuse(owner, 'placeholders', `expected a list of names, or one list per part, ${got(value)}`)
  refuseUnknown(value, { known: promptParts, shown: promptParts, owner, lead: 'placeholders.' })
  const found: Partial<Record<PromptPart, readonly string[]>> = {}
  for (const part of promptParts)
    if (value[part] !== undefined && value[part] !== null)
      found[part] = readNames(value[part], `placeholders.${part}`, owner)
  return found
}

function readNames(value: unknown, path: string, owner: string): readonly string[] {
  const expected = 'expected a list of names'
  const names: readonly unknown[] = Array.isArray(value)
    ? value
    : refuse(owner, path, `${expected}, ${got(value)}`)
  if (names.length > MAX_PLACEHOLDERS)
    refuse(owner, path, `expected at most ${MAX_PLACEHOLDERS} names, got ${names.length}`)
  return names.map((name) =>
    typeof name === 'string' ? name : refuse(owner, path, `${expected}, ${got(name)} in it`),
  )
}

function got(value: unknown): string {
  if (typeof value === 'string') return `got ${JSON.stringify(value.slice(0, 40))}`
  if (Array.isArray(value)) return 'got an array'
  return typeof value === 'object' && value !== null ? 'got an object' : `got ${String(value)}`
}

function refuse(owner: string | undefined, path: string, message: string): never {
  const name = owner === undefined ? '' : ` "${owner}"`
  const at = path === '' ? '' : ` at ${path}`
  throw new LlmError('template-failed', `Prompt template${name}${at}: ${message}`, {
    issues: [{ path, message }],
  })
}
