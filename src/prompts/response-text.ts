import { isObject } from '../core/json.ts'
import { plainText } from '../core/message.ts'

/**
 * The answer with its texts mapped, whatever shape it has: a text, a response of ours (text, message and all choices), a
 * body of OpenAI's shape, a turn, or a list of parts. Reasoning, tool calls and text with a vendor's signature stay as they
 * are, and so does what is none of these. Equal texts are mapped once. The answer given is not changed.
 */
export async function mapResponseText<T>(
  answer: T,
  map: (text: string) => string | Promise<string>,
): Promise<T> {
  const known = new Map<string, string>()
  const once = async (text: string): Promise<string> => {
    const words = known.get(text) ?? (text === '' ? '' : await map(text))
    known.set(text, words)
    return words
  }
  return (await mapped(answer, once)) as T
}

type MapText = (text: string) => Promise<string>

async function mapped(value: unknown, map: MapText): Promise<unknown> {
  if (typeof value === 'string') return map(value)
  if (isObject(value)) return mapObject(value, map)
  if (!Array.isArray(value)) return value
  const copy: unknown[] = []
  // One after the other, so that a seeded draw falls the same way each time.
  for (const part of value as unknown[]) copy.push(isObject(part) ? await mapObject(part, map) : part)
  return copy
}

// Fields that hold the words of an answer. What is inside goes first: `text` may be its parts put together.
const INSIDE: readonly string[] = ['message', 'choices']
const TEXTS: readonly string[] = ['content', 'text']

async function mapObject(value: Record<string, unknown>, map: MapText): Promise<Record<string, unknown>> {
  const { type, signature, role } = value
  const isOtherPart = typeof type === 'string' && type !== 'text' && type !== 'message'
  if (isOtherPart || signature !== undefined || role === 'tool') return value
  const copy = { ...value }
  for (const name of INSIDE) {
    const field = value[name]
    if (typeof field === 'object' && field !== null) copy[name] = await mapped(field, map)
  }
  const whole = wholeText(value)
  for (const name of TEXTS) {
    const field = value[name]
    if (field === undefined) continue
    copy[name] = field === whole ? wholeText(copy) : await mapped(field, map)
  }
  return copy
}

/** The text of the turn inside an answer, where it has one. */
function wholeText({ message }: Record<string, unknown>): string | undefined {
  const content = isObject(message) ? message['content'] : undefined
  if (typeof content !== 'string' && !Array.isArray(content)) return undefined
  return plainText(content as string | readonly { readonly type: string }[])
}
