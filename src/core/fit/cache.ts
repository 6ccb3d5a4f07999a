import type { CacheMark } from '../cache-mark.ts'
import { partsOf, type Message, type UserPart } from '../message.ts'
import type { ResolvedSettings } from '../params.ts'
import type { Absent, CacheRule } from './rules.ts'

/** Messages and settings with the marks of cached prefixes that a format accepts. */
export interface MarkedRequest {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
}

/**
 * Fits the marks of cached prefixes: adds them for `cache: 'auto'` if the vendor places none itself, leaves out those above
 * the vendor's number, oldest first, and all of them if the format has none.
 */
export function fitCache(
  request: MarkedRequest,
  rule: CacheRule | Absent,
  note: (message: string) => void,
): MarkedRequest {
  const settings = withoutServedCache(request.settings, rule)
  const auto = request.settings.cache?.auto === true && 'max' in rule && rule.auto === 'placed'
  const messages = auto
    ? withAutomaticMarks(request.messages, request.settings.cache ?? {})
    : request.messages
  const inTools = settings.tools?.some(({ cache }) => cache !== undefined) === true
  const marked = countMarks(messages)
  if (!inTools && marked === 0) return { messages, settings }
  if ('absent' in rule) {
    note(`marks of cached prefixes were not sent: ${rule.absent}`)
    return {
      messages: messages.map((message) => withoutMarks(message)),
      settings: withoutToolMarks(settings),
    }
  }
  const tools = rule.tools ? settings : withoutToolMarks(settings)
  if (inTools && !rule.tools) note('marks of cached prefixes on tools were not sent: the model caches none')
  const most = rule.max - (tools.tools?.filter(({ cache }) => cache !== undefined).length ?? 0)
  if (marked > most)
    note(`only the last ${rule.max} marks of cached prefixes were sent: the format takes no more`)
  return { messages: marked > most ? lastMarks(messages, marked - most) : messages, settings: tools }
}

// `auto` asks for what a vendor offers: nothing is lost if that is marks, or nothing.
function withoutServedCache(settings: ResolvedSettings, rule: CacheRule | Absent): ResolvedSettings {
  const { auto, key, id } = settings.cache ?? {}
  const served =
    auto === true && key === undefined && id === undefined && !('auto' in rule && rule.auto !== 'itself')
  return served ? { ...settings, cache: undefined } : settings
}

/** The end of the instructions, and of the last two messages that are not the model's. */
function withAutomaticMarks(messages: readonly Message[], { ttl }: CacheMark): readonly Message[] {
  const mark: CacheMark = ttl === undefined ? {} : { ttl }
  const system = messages.findLastIndex(
    ({ role }, at) => isSystem(role) && (at === 0 || isSystem(messages[at - 1]?.role)),
  )
  const asked = messages.flatMap(({ role }, at) => (role === 'user' || role === 'tool' ? [at] : []))
  const places = new Set([system, ...asked.slice(-2)])
  return messages.map((message, at) => (places.has(at) ? markEnd(message, mark) : message))
}

function isSystem(role: string | undefined): boolean {
  return role === 'system' || role === 'developer'
}

function markEnd(message: Message, cache: CacheMark): Message {
  if (message.role !== 'user') return { ...message, cache } as Message
  const parts = partsOf(message.content)
  const last = parts.at(-1)
  return last === undefined
    ? message
    : { ...message, content: [...parts.slice(0, -1), { ...last, cache } as UserPart] }
}

type Marked = { readonly cache?: unknown }

function countMarks(messages: readonly Message[]): number {
  let count = 0
  for (const message of messages) {
    if ((message as Marked).cache !== undefined) count++
    if (typeof message.content === 'string') continue
    for (const part of message.content) if ((part as Marked).cache !== undefined) count++
  }
  return count
}

function withoutMarks(message: Message, leave = 0): Message {
  let left = leave
  const clean = <T extends object>(held: T): T => {
    if ((held as Marked).cache === undefined || left-- > 0) return held
    const { cache: _cache, ...rest } = held as T & Marked
    return rest as T
  }
  const { content } = message
  const bare =
    typeof content === 'string' ? message : ({ ...message, content: content.map(clean) } as Message)
  return clean(bare)
}

function lastMarks(messages: readonly Message[], surplus: number): readonly Message[] {
  let over = surplus
  return messages.map((message) => {
    const held = countMarks([message])
    // The mark of the instructions is kept, because every conversation shares them.
    if (over <= 0 || held === 0 || isSystem(message.role)) return message
    over -= held
    return withoutMarks(message, Math.max(0, -over))
  })
}

function withoutToolMarks(settings: ResolvedSettings): ResolvedSettings {
  const { tools } = settings
  if (tools?.some(({ cache }) => cache !== undefined) !== true) return settings
  return { ...settings, tools: tools.map(({ cache: _cache, ...tool }) => tool) }
}
