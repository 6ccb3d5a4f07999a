import type { Fragment } from '../../core/dialect.ts'
import { isObject, listOf, objectOf, textOf, type JsonObject, type JsonValue } from '../../core/json.ts'
import { readLogprob } from '../logprobs.ts'
import type { OPEN_REASONING } from './render.ts'

/** State that all items of an answer share. */
export interface AnswerState {
  /** Length of the text so far in UTF-16 units, because citations count from the start of their item. */
  length: number
  /** Number of messages with text so far. */
  messages: number
  /** Tools whose input is free text, by name. */
  readonly customTools: ReadonlySet<string>
}

const FULL: typeof OPEN_REASONING = 'reasoning_text'

/** The texts of an item. */
type TextKind = 'text' | 'summary' | 'content'

type Wire = Readonly<Record<string, unknown>>

/** One output item: its deltas first, then the item itself, which adds what the deltas left out. */
export class OutputItem {
  readonly key: number | string
  type: string | undefined
  id: string | undefined
  callId: string | undefined
  /** The vendor's phase of a message. */
  phase: string | undefined
  done = false
  readonly #answer: AnswerState
  readonly #given: Record<TextKind, string> = { text: '', summary: '', content: '' }
  #arguments = ''
  #start: number
  #cited = 0
  /** Whether the phase came with the first text. */
  #phased = false
  /** Whether a call's name, or a thought's id, was delivered. A call holds its arguments until then. */
  #named = false

  constructor(key: number | string, answer: AnswerState) {
    this.key = key
    this.#answer = answer
    this.#start = answer.length
  }

  /** Reads the start of the item: its type and its ids. */
  open(item: Wire, out: Fragment[]): void {
    this.#identify(item)
    if (STEPS.has(this.type ?? '')) this.#openStep(item, out)
    if (this.type !== 'function_call') return
    const name = textOf(item['name'])
    if (name === undefined) return
    this.#named = true
    const early = this.#arguments === '' ? undefined : { delta: this.#arguments }
    out.push({ type: 'tool', index: this.key, id: this.callId, name, ...early })
  }

  /** Adds a piece of the text or of a refusal. */
  addText(text: string, logprobs: unknown, out: Fragment[]): void {
    if (text === '') return
    this.type ??= 'message'
    const marks = this.#given.text === '' ? this.#beginText() : undefined
    this.#given.text += text
    this.#answer.length += text.length
    if (listOf(logprobs).length === 0) out.push({ type: 'text-delta', text, ...marks })
    else out.push({ type: 'text-delta', text, ...marks, logprobs: listOf(logprobs).map(readLogprob) })
  }

  // The first text of a message has what separates it from the text of the message before.
  #beginText(): { phase?: string; id?: string } {
    this.#start = this.#answer.length
    const isNext = this.#answer.messages++ > 0
    this.#phased = this.phase !== undefined
    return {
      ...(this.phase === undefined ? undefined : { phase: this.phase }),
      ...(isNext ? { id: this.id ?? String(this.key) } : undefined),
    }
  }

  /** Adds a whole text, if no piece of any text arrived before. */
  setText(text: string, out: Fragment[]): void {
    if (this.#answer.length === 0) this.addText(text, undefined, out)
  }

  /** Adds a piece of reasoning: of its summary or of its full content. */
  addReasoning(text: string, kind: 'summary' | 'content', out: Fragment[]): void {
    if (text === '') return
    this.type ??= 'reasoning'
    const open = kind === 'content' && this.#given.content === '' ? { details: FULL } : undefined
    this.#given[kind] += text
    out.push({ type: 'reasoning-delta', text, ...this.#firstId(), ...open })
  }

  addArguments(delta: string, out: Fragment[]): void {
    this.type ??= 'function_call'
    this.#arguments += delta
    if (this.#named) out.push({ type: 'tool', index: this.key, delta })
  }

  /** Adds the missing rest of the arguments; replaces those so far if they differ. */
  setArguments(whole: string, out: Fragment[]): void {
    if (whole === this.#arguments) return
    const rest = restOf(whole, this.#arguments)
    this.#arguments = whole
    const piece = rest === undefined ? { arguments: whole } : { delta: rest }
    if (this.#named) out.push({ type: 'tool', index: this.key, ...piece })
  }

  addCitation(annotation: unknown, out: Fragment[]): void {
    this.#cited++
    const {
      type,
      url,
      title,
      filename,
      file_id: fileId,
      index,
      start_index,
      end_index,
    } = objectOf(annotation)
    if (type !== 'url_citation' && fileId === undefined) return
    const place = (at: unknown): number | undefined => (typeof at === 'number' ? at + this.#start : undefined)
    out.push({
      type: 'citation',
      url: textOf(url),
      title: textOf(title) ?? textOf(filename) ?? textOf(fileId),
      start: place(start_index ?? index),
      end: place(end_index),
    })
  }

  /** Reads the finished item. */
  finish(item: Wire, out: Fragment[]): void {
    this.#identify(item)
    this.done = true
    if (STEPS.has(this.type ?? '')) this.#finishStep(item, out)
    switch (this.type) {
      case 'message':
        return this.#finishMessage(item, out)
      case 'reasoning':
        return this.#finishReasoning(item, out)
      case 'function_call':
        return this.#finishCall(item, out)
      case 'custom_tool_call':
        return this.#finishCustomCall(item, out)
      case 'image_generation_call':
        return readImage(item, out)
    }
  }

  // A tool that the server runs is announced when its item begins; the finished item is its result.
  #openStep(item: Wire, out: Fragment[]): void {
    if (this.#named) return
    this.#named = true
    out.push({ type: 'server-tool-call', ...stepOf(item, this), arguments: askedOf(item) })
  }

  #finishStep(item: Wire, out: Fragment[]): void {
    this.#openStep(item, out)
    out.push({ type: 'server-tool-result', ...stepOf(item, this), result: item as JsonObject })
    if (WAITING_FOR_CALLER.has(this.type ?? '')) out.push(notNeutral(this.type ?? ''))
  }

  #identify(item: Wire): void {
    this.type = textOf(item['type']) ?? this.type
    this.id ??= textOf(item['id'])
    this.phase ??= textOf(item['phase'])
    this.callId ??= textOf(item['call_id']) ?? (this.type === 'function_call' ? this.id : undefined)
  }

  // The first piece has the id, which separates one thought from the next.
  #firstId(): { id: string } | undefined {
    if (this.#named || this.id === undefined) return undefined
    this.#named = true
    return { id: this.id }
  }

  #finishCall(item: Wire, out: Fragment[]): void {
    if (!this.#named) this.open(item, out)
    const { arguments: args } = item
    if (typeof args === 'string') this.setArguments(args, out)
    else if (isObject(args)) this.setArguments(JSON.stringify(args), out)
    out.push({ type: 'tool', index: this.key, done: true })
  }

  #finishMessage(item: Wire, out: Fragment[]): void {
    const { content } = item
    const early = this.#given.text !== '' && !this.#phased
    const parts = typeof content === 'string' ? [{ text: content }] : listOf(content).map(objectOf)
    const texts = parts.map((part) => textOf(part['text']) ?? textOf(part['refusal']) ?? '')
    if (this.#given.text === '')
      for (const [at, text] of texts.entries()) this.addText(text, parts[at]?.['logprobs'], out)
    else this.addText(restOf(texts.join(''), this.#given.text) ?? '', undefined, out)
    if (early && this.phase !== undefined) out.push({ type: 'text-delta', text: '', phase: this.phase })
    const annotations = parts.flatMap((part) => listOf(part['annotations']))
    for (const annotation of annotations.slice(this.#cited)) this.addCitation(annotation, out)
  }

  #finishReasoning(item: Wire, out: Fragment[]): void {
    for (const kind of ['summary', 'content'] as const) {
      const whole = listOf(item[kind]).map((part) => textOf(objectOf(part)['text']) ?? '')
      this.addReasoning(restOf(whole.join(''), this.#given[kind]) ?? '', kind, out)
    }
    const encrypted = textOf(item['encrypted_content'])
    const parts = listOf(item['summary']).map((part) => textOf(objectOf(part)['text']) ?? '')
    const details = parts.length > 1 && this.#given.content === '' ? { details: parts } : undefined
    if (encrypted !== undefined)
      out.push({ type: 'reasoning-delta', text: '', id: this.id, encrypted, ...details })
  }

  // Calls with free-text input. Only those of the caller's own tools, because the server runs others itself.
  #finishCustomCall(item: Wire, out: Fragment[]): void {
    const name = textOf(item['name'])
    if (name === undefined || !this.#answer.customTools.has(name)) return
    const input = JSON.stringify(textOf(item['input']) ?? '')
    out.push({ type: 'tool', index: this.key, id: this.callId, name, delta: input, done: true })
  }
}

function stepOf(item: Wire, { type = '', id, callId, key }: OutputItem): { id: string; name: string } {
  const kind = type.replace(/_call(_output)?$/, '')
  return { id: id ?? callId ?? String(key), name: textOf(item['name']) ?? kind }
}

function askedOf({ action, queries, code, arguments: given, actions, operation }: Wire): JsonValue {
  return (action ?? queries ?? code ?? given ?? actions ?? operation ?? {}) as JsonValue
}

// Items of tools that the server runs, and of those that it asks the caller to run in the vendor's own form.
const STEPS: ReadonlySet<string> = new Set([
  'web_search_call',
  'x_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'mcp_list_tools',
  'mcp_call',
  'mcp_approval_request',
  'tool_search_call',
  'tool_search_output',
  'program',
  'program_output',
  'compaction',
])

// Items that wait for the caller and have no neutral event.
const WAITING_FOR_CALLER: ReadonlySet<string> = new Set([
  'computer_call',
  'local_shell_call',
  'apply_patch_call',
  'mcp_approval_request',
])

function notNeutral(type: string): Fragment {
  const message = `an item of type "${type}" waits for the caller: it has no neutral form, and is a step of the message`
  return { type: 'warning', warning: { type: 'other', message } }
}

/** The part of `whole` after `given`; `undefined` if it does not start with it. */
function restOf(whole: string, given: string): string | undefined {
  return whole.startsWith(given) ? whole.slice(given.length) : undefined
}

function readImage(item: Wire, out: Fragment[]): void {
  const data = textOf(item['result'])
  if (data === undefined) return
  const format = textOf(item['output_format']) ?? 'png'
  out.push({ type: 'file', mediaType: format === 'svg' ? 'image/svg+xml' : `image/${format}`, data })
}
