import { argument, checkArguments } from '../core/check-arguments.ts'
import { isObject } from '../core/json.ts'
import { plainText } from '../core/message.ts'

/**
 * Maps the texts of a response and returns a copy. Accepts a string, a `ChatResponse` (text, message and choices),
 * an OpenAI response body, a message, or a list of parts; returns anything else unchanged. Leaves reasoning, tool calls
 * and texts with a vendor's signature unchanged. Calls `map` once per distinct text.
 */
export async function mapResponseText<T>(
  response: T,
  map: (text: string) => string | Promise<string>,
): Promise<T> {
  checkArguments('mapResponseText', { map: argument.function }, { map })
  const known = new Map<string, string>()
  const once = async (text: string): Promise<string> => {
    const result = known.get(text) ?? (text === '' ? '' : await map(text))
    known.set(text, result)
    return result
  }
  return (await mapped(response, once)) as T
}

type MapText = (text: string) => Promise<string>

async function mapped(value: unknown, map: MapText): Promise<unknown> {
  if (typeof value === 'string') return map(value)
  if (isObject(value)) return mapObject(value, map)
  if (!Array.isArray(value)) return value
  const copy: unknown[] = []
  // Sequential, so that a seeded random source gives the same result each time.
  for (const part of value as unknown[]) copy.push(isObject(part) ? await mapObject(part, map) : part)
  return copy
}

// Nested fields are mapped first, because `text` may be the joined parts of the message.
const NESTED_FIELDS: readonly string[] = ['message', 'choices']
const TEXT_FIELDS: readonly string[] = ['content', 'text']

async function mapObject(value: Record<string, unknown>, map: MapText): Promise<Record<string, unknown>> {
  const { type, signature, role } = value
  const isOtherPart = typeof type === 'string' && type !== 'text' && type !== 'message'
  if (isOtherPart || signature !== undefined || role === 'tool') return value
  const copy = { ...value }
  for (const name of NESTED_FIELDS) {
    const field = value[name]
    if (typeof field === 'object' && field !== null) copy[name] = await mapped(field, map)
  }
  const whole = wholeText(value)
  for (const name of TEXT_FIELDS) {
    const field = value[name]
    if (field === undefined) continue
    copy[name] = field === whole ? wholeText(copy) : await mapped(field, map)
  }
  return copy
}

/** Returns the text of the message inside a response, if it has one. */
function wholeText({ message }: Record<string, unknown>): string | undefined {
  const content = isObject(message) ? message['content'] : undefined
  if (typeof content !== 'string' && !Array.isArray(content)) return undefined
  return plainText(content as string | readonly { readonly type: string }[])
}
