import { longerTtl, type CacheMark } from '../cache-mark.ts'
import { partsOf, type Message } from '../message.ts'
import type { ResolvedSettings } from '../params.ts'
import type { Absent, CacheRule } from './rules.ts'

/** Messages and settings with the marks of cached prefixes that a format accepts. */
export interface MarkedRequest {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
}

/**
 * Fits the marks of cached prefixes: adds them for `cache: 'auto'` if the vendor places none itself, leaves out those where
 * the format has none, and those above the vendor's number, oldest first. No mark outlives an earlier one.
 */
export function fitCache(
  request: MarkedRequest,
  rule: CacheRule | Absent,
  note: (message: string) => void,
): MarkedRequest {
  const { cache } = request.settings
  const choice = cache?.auto === true && 'max' in rule ? rule.auto : undefined
  const asked = {
    messages: choice === 'placed' ? withAutomaticMarks(request.messages, cache ?? {}) : request.messages,
    settings: withoutServedCache(request.settings, choice),
  }
  if (!isMarked(asked)) return asked
  const given: Placed[] = []
  mapMarks(asked, (mark, place) => {
    given.push({ mark, place })
    return mark
  })
  if ('absent' in rule) {
    note(`marks of cached prefixes were not sent: ${rule.absent}`)
    return mapMarks(asked, () => undefined)
  }
  const sent = acceptedMarks(given, rule, note)
  // The field takes the place of one mark.
  const most = rule.max - (choice === 'field' ? 1 : 0)
  if (sent.length > most)
    note(`only the last ${most} marks of cached prefixes were sent: the format takes no more`)
  const kept = new Map(newest(sent, most).map(({ mark, at }) => [at, mark]))
  let at = 0
  return mapMarks(asked, () => kept.get(at++))
}

/** Where a mark is. */
type Place = 'tool' | 'system' | 'user' | 'call' | 'answer'
interface Placed {
  readonly mark: CacheMark
  readonly place: Place
}
type Kept = Placed & { readonly at: number }

function acceptedMarks(
  given: readonly Placed[],
  { tools, answers }: CacheRule,
  note: (message: string) => void,
): readonly Kept[] {
  const refused: Readonly<Partial<Record<Place, string | false>>> = {
    tool: !tools && 'tools',
    answer: answers === 'none' && 'assistant messages',
    call: answers !== 'all' && 'tool calls',
  }
  return given.flatMap(({ mark, place }, at) => {
    const where = refused[place]
    if (!where) return [{ mark, place, at }]
    note(`marks of cached prefixes on ${where} were not sent: the format has none there`)
    return []
  })
}

/** The last marks, and the last one of the instructions, which every conversation shares. */
function newest(marks: readonly Kept[], most: number): readonly Kept[] {
  const shared =
    marks.findLast(({ place }) => place === 'system') ?? marks.findLast(({ place }) => place === 'tool')
  let over = marks.length - most
  const kept = marks.filter((mark) => mark === shared || over-- <= 0)
  // Vendors refuse a mark that lives longer than one before it.
  let { ttl } = kept.at(-1)?.mark ?? {}
  return kept
    .toReversed()
    .map((one) => {
      ttl = longerTtl(one.mark.ttl, ttl)
      return ttl === one.mark.ttl ? one : { ...one, mark: { ttl } }
    })
    .toReversed()
}

// `auto` asks for what a vendor offers: nothing is lost if that is marks, or nothing.
function withoutServedCache(
  settings: ResolvedSettings,
  choice: CacheRule['auto'] | undefined,
): ResolvedSettings {
  const { auto, key, id, ttl } = settings.cache ?? {}
  const served =
    auto === true && choice !== 'field' && choice !== 'placed' && (key ?? id ?? ttl) === undefined
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
  return last === undefined ? message : { ...message, content: [...parts.slice(0, -1), { ...last, cache }] }
}

type Change = (mark: CacheMark, place: Place) => CacheMark | undefined

/** Changes every mark, in the order of the prefix: tools, messages with their parts. */
function mapMarks({ messages, settings }: MarkedRequest, change: Change): MarkedRequest {
  const { tools } = settings
  const remarked = tools?.map((tool) => changed(tool, 'tool', change))
  return {
    settings:
      tools?.some((tool, at) => tool !== remarked?.[at]) === true
        ? { ...settings, tools: remarked }
        : settings,
    messages: messages.map((message) => changed(withParts(message, change), placeOf(message.role), change)),
  }
}

function withParts(message: Message, change: Change): Message {
  const { content, role } = message
  if (typeof content === 'string') return message
  const parts = content.map((part) =>
    changed(part, part.type === 'tool-call' ? 'call' : placeOf(role), change),
  )
  return parts.every((part, at) => part === content[at])
    ? message
    : ({ ...message, content: parts } as Message)
}

function placeOf(role: Message['role']): Place {
  return role === 'assistant' ? 'answer' : isSystem(role) ? 'system' : 'user'
}

function changed<T extends object>(held: T, place: Place, change: Change): T {
  if (!hasMark(held)) return held
  const { cache, ...rest } = held
  const mark = change(cache, place)
  if (mark === cache) return held
  return (mark === undefined ? rest : { ...held, cache: mark }) as T
}

function isMarked({ messages, settings: { tools } }: MarkedRequest): boolean {
  const inParts = ({ content }: Message): boolean => typeof content !== 'string' && content.some(hasMark)
  return tools?.some(hasMark) === true || messages.some((message) => hasMark(message) || inParts(message))
}

function hasMark<T extends object>(held: T): held is T & { cache: CacheMark } {
  return (held as { cache?: unknown }).cache !== undefined
}
