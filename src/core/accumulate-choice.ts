import type { StreamEvent } from './event.ts'
import { listOf } from './json.ts'
import { readArguments, type AssistantMessage, type AssistantPart, type ToolCall } from './message.ts'
import type { TokenLogprob } from './response.ts'

/** A writable copy of a readonly type. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] }
type OpenPart = Draft<AssistantPart> & {
  text?: string
  origin?: string
}
/** Fields that tell text of one message from that of another. */
const OF_MESSAGE = ['signature', 'phase', 'id'] as const
type TextLike = Extract<StreamEvent, { type: 'text-delta' | 'reasoning-delta' }>

// An engine stores a text that grows piece by piece as a chain many times its size, so pieces are joined in groups.
const MAX_PIECES = 64

/** Folds the events of one choice into its message. */
export class ChoiceAccumulator {
  readonly toolCalls: ToolCall[] = []
  readonly logprobs: TokenLogprob[] = []
  readonly #parts: OpenPart[] = []
  #open: OpenPart | undefined
  // The end of the open part's text.
  #pieces: string[] = []
  /** Arguments of the tool calls as the model wrote them, by id. */
  readonly #written = new Map<string, string>()

  addText(event: TextLike, origin: string): void {
    const type = event.type === 'text-delta' ? 'text' : 'reasoning'
    if (this.#open === undefined || this.#open.type !== type || this.#isNext(this.#open, event)) {
      this.#settle()
      this.#open = type === 'text' ? { type, text: '' } : { type, text: '', origin }
      this.#parts.push(this.#open)
    }
    this.#pieces.push(event.text)
    if (this.#pieces.length >= MAX_PIECES) this.#settle()
    if (event.type === 'reasoning-delta' || OF_MESSAGE.some((field) => event[field] !== undefined))
      assignVendorFields(this.#open, event)
    if (event.type === 'text-delta' && event.logprobs !== undefined) this.logprobs.push(...event.logprobs)
  }

  addPart(part: AssistantPart): void {
    this.#settle()
    this.#open = undefined
    this.#parts.push(part)
  }

  addArguments(id: string, delta: string): void {
    this.#written.set(id, (this.#written.get(id) ?? '') + delta)
  }

  addCall(call: ToolCall, origin: string): void {
    this.toolCalls.push(call)
    const { argumentsText: written } =
      call.invalid === undefined ? readArguments(this.#written.get(call.id) ?? '') : call
    this.addPart({
      type: 'tool-call',
      ...call,
      ...(written === undefined ? undefined : { argumentsText: written }),
      ...(call.details === undefined ? undefined : { origin }),
    })
  }

  textOf(type: 'text' | 'reasoning'): string {
    this.#settle()
    let text = ''
    for (const part of this.#parts) if (part.type === type) text += part.text
    return text
  }

  /** The arguments of all tool calls as text, with those of calls that are not complete but for those in `ended`. */
  argumentsText(ended: ReadonlySet<string>): string {
    const done = new Set([...this.toolCalls.map(({ id }) => id), ...ended])
    const complete = this.toolCalls.map((call) => JSON.stringify(call.arguments))
    const open = [...this.#written].filter(([id]) => !done.has(id)).map(([, text]) => text)
    return [...complete, ...open].join('')
  }

  message(): AssistantMessage {
    this.#settle()
    const isMarked = (part: OpenPart): boolean => OF_MESSAGE.some((field) => field in part)
    const parts = this.#parts.filter((part) => part.text !== '' || part.type !== 'text' || isMarked(part))
    const plain = parts.every((part) => part.type === 'text' && !isMarked(part))
    if (plain) return { role: 'assistant', content: this.textOf('text') }
    return { role: 'assistant', content: parts.map((part) => ({ ...part })) }
  }

  #isNext(open: OpenPart, event: TextLike): boolean {
    // A phase without text is that of the text so far.
    if (event.type === 'text-delta')
      return event.id !== undefined || (event.phase !== undefined && event.text !== '')
    if (event.encrypted !== undefined) this.#settle()
    return opensPart(open, event)
  }

  #settle(): void {
    if (this.#open === undefined || this.#pieces.length === 0) return
    this.#open.text += this.#pieces.length === 1 ? (this.#pieces[0] as string) : this.#pieces.join('')
    this.#pieces = []
  }
}

// A reasoning part that is signed, encrypted or has another id is complete: the event starts the next part.
function opensPart(open: OpenPart, event: Extract<TextLike, { type: 'reasoning-delta' }>): boolean {
  const held = open as { signature?: string; encrypted?: string; id?: string }
  if (event.id !== undefined && held.id !== undefined && held.id !== event.id) return true
  if (event.encrypted !== undefined)
    return held.encrypted !== undefined || (open.text !== '' && event.id === undefined)
  return (
    (event.text !== '' || event.signature !== undefined) &&
    (held.signature !== undefined || (held.encrypted !== undefined && held.id === undefined))
  )
}

function assignVendorFields(part: OpenPart, event: TextLike): void {
  const {
    signature,
    encrypted,
    id,
    details,
    phase,
  }: { signature?: unknown; encrypted?: unknown; id?: unknown; details?: unknown; phase?: unknown } = event
  const held = part as { [key: string]: unknown }
  if (phase !== undefined) held['phase'] = phase
  if (signature !== undefined) held['signature'] = signature
  if (encrypted !== undefined) held['encrypted'] = encrypted
  if (id !== undefined && id !== '') held['id'] = id
  if (details === undefined) return
  held['details'] =
    Array.isArray(held['details']) && Array.isArray(details)
      ? [...listOf(held['details']), ...listOf(details)]
      : details
}
