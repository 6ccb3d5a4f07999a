import { LlmError } from '../core/error.ts'
import { isObject } from '../core/json.ts'

/** A part of a chat that a prompt template shapes. */
export type PromptPart = 'system' | 'user' | 'assistant'

/** The parts, in the order they are listed everywhere. */
export const promptParts: readonly PromptPart[] = Object.freeze(['system', 'user', 'assistant'] as const)

/**
 * Names that the texts of a template expect in the data: for each part, or for all of them at once. A `?` at the end
 * marks one that may be left out.
 */
export type Placeholders = readonly string[] | Partial<Readonly<Record<PromptPart, readonly string[]>>>

/** Templates for the parts of a chat. A part without a template is sent as it is. */
export interface PromptTemplate {
  /** Letters, digits, `_` and `-`; at most 100. */
  readonly name: string
  readonly description?: string | undefined
  /** Sees the system message of the request as `original_system_message_from_request`. */
  readonly system?: string | undefined
  /** Sees the text of a user message as `message_content`. */
  readonly user?: string | undefined
  /** Sees the text of an assistant message as `message_content`. */
  readonly assistant?: string | undefined
  readonly placeholders?: Placeholders | undefined
}

const NAME = /^[A-Za-z0-9_-]{1,100}$/
const MOST_PLACEHOLDERS = 1_000

/** True for a name that a prompt template may have; it holds nothing that could lead out of a folder. */
export function isPromptName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name)
}

/** Checks a prompt template that was read from somewhere. Throws `template-failed` with what is wrong, and where. */
export function definePromptTemplate(value: unknown, name?: string): PromptTemplate {
  if (!isObject(value)) return refuse('', 'expected an object with a name and templates')
  const own = name ?? value['name']
  if (!isPromptName(own)) return refuse('name', 'expected 1 to 100 letters, digits, _ or -')
  return Object.freeze({
    name: own,
    description: optionalText(value, 'description'),
    system: optionalText(value, 'system'),
    user: optionalText(value, 'user'),
    assistant: optionalText(value, 'assistant'),
    placeholders: readPlaceholders(value['placeholders']),
  })
}

function optionalText(value: Record<string, unknown>, field: string): string | undefined {
  const text = value[field]
  if (text === undefined || text === null) return undefined
  return typeof text === 'string' ? text : refuse(field, 'expected a text')
}

function readPlaceholders(value: unknown): Placeholders | undefined {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) return readNames(value, 'placeholders')
  if (!isObject(value)) return refuse('placeholders', 'expected a list of names, or one for each part')
  const found: Partial<Record<PromptPart, readonly string[]>> = {}
  for (const part of promptParts)
    if (value[part] !== undefined) found[part] = readNames(value[part], `placeholders.${part}`)
  return found
}

function readNames(value: unknown, path: string): readonly string[] {
  const names: readonly unknown[] = Array.isArray(value) ? value : refuse(path, 'expected a list of names')
  if (names.length > MOST_PLACEHOLDERS) refuse(path, `expected at most ${MOST_PLACEHOLDERS} names`)
  return names.map((name) => (typeof name === 'string' ? name : refuse(path, 'expected a list of names')))
}

function refuse(path: string, message: string): never {
  const at = path === '' ? '' : ` at ${path}`
  throw new LlmError('template-failed', `Prompt template${at}: ${message}`, { issues: [{ path, message }] })
}
