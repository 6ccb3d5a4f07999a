import type { Fragment } from '../../core/dialect.ts'
import { isObject, listOf, numberOf, objectOf, textOf } from '../../core/json.ts'
import type { TokenLogprob } from '../../core/response.ts'
import { OPEN_REASONING } from './render.ts'

/** What the whole answer knows, beyond its items. */
export interface AnswerState {
  /** Length of the text so far: citations count from the beginning of their item. */
  length: number
  /** Tools whose input is free text, by name. */
  readonly customTools: ReadonlySet<string>
}

/** Which of an item's texts a piece belongs to. */
type TextKind = 'text' | 'summary' | 'content'

type Wire = Readonly<Record<string, unknown>>

/** One output item as far as it came: deltas first, then the item itself, which adds what the deltas left out. */
export class OutputItem {
  readonly key: number | string
  type: string | undefined
  id: string | undefined
  callId: string | undefined
  done = false
  readonly #answer: AnswerState
  readonly #given: Record<TextKind, string> = { text: '', summary: '', content: '' }
  #arguments = ''
  #start: number
  #cited = 0
  /** A call's name, or a thought's id, was given: a call waits with its arguments until then. */
  #named = false

  constructor(key: number | string, answer: AnswerState) {
    this.key = key
    this.#answer = answer
    this.#start = answer.length
  }

  /** The item begins: its kind and its ids. */
  open(item: Wire, out: Fragment[]): void {
    this.#identify(item)
    if (this.type !== 'function_call') return
    const name = textOf(item['name'])
    if (name === undefined) return
    this.#named = true
    const early = this.#arguments === '' ? undefined : { delta: this.#arguments }
    out.push({ type: 'tool', index: this.key, id: this.callId, name, ...early })
  }

  /** A piece of the answer, or of a refusal. */
  addText(text: string, logprobs: unknown, out: Fragment[]): void {
    if (text === '') return
    this.type ??= 'message'
    if (this.#given.text === '') this.#start = this.#answer.length
    this.#given.text += text
    this.#answer.length += text.length
    if (listOf(logprobs).length === 0) out.push({ type: 'text-delta', text })
    else out.push({ type: 'text-delta', text, logprobs: readLogprobs(logprobs) })
  }

  /** A whole text: news only where no piece of any came. */
  setText(text: string, out: Fragment[]): void {
    if (this.#answer.length === 0) this.addText(text, undefined, out)
  }

  /** A piece of reasoning: summed up, or as it was. */
  addReasoning(text: string, kind: 'summary' | 'content', out: Fragment[]): void {
    if (text === '') return
    this.type ??= 'reasoning'
    const open = kind === 'content' && this.#given.content === '' ? { details: OPEN_REASONING } : undefined
    this.#given[kind] += text
    out.push({ type: 'reasoning-delta', text, ...this.#firstId(), ...open })
  }

  addArguments(delta: string, out: Fragment[]): void {
    this.type ??= 'function_call'
    this.#arguments += delta
    if (this.#named) out.push({ type: 'tool', index: this.key, delta })
  }

  /** All the arguments: what was missing is added; where they differ, these are right. */
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

  /** The item as the server has it in the end. */
  finish(item: Wire, out: Fragment[]): void {
    this.#identify(item)
    this.done = true
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
      default:
        if (CALLERS_TURN.has(this.type ?? '')) out.push(notNeutral(this.type ?? ''))
    }
  }

  #identify(item: Wire): void {
    this.type = textOf(item['type']) ?? this.type
    this.id ??= textOf(item['id'])
    this.callId ??= textOf(item['call_id']) ?? (this.type === 'function_call' ? this.id : undefined)
  }

  // The id goes with the first piece: it tells where one thought ends and the next begins.
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
    const parts = typeof content === 'string' ? [{ text: content }] : listOf(content).map(objectOf)
    const texts = parts.map((part) => textOf(part['text']) ?? textOf(part['refusal']) ?? '')
    if (this.#given.text === '')
      for (const [at, text] of texts.entries()) this.addText(text, parts[at]?.['logprobs'], out)
    else this.addText(restOf(texts.join(''), this.#given.text) ?? '', undefined, out)
    const annotations = parts.flatMap((part) => listOf(part['annotations']))
    for (const annotation of annotations.slice(this.#cited)) this.addCitation(annotation, out)
  }

  #finishReasoning(item: Wire, out: Fragment[]): void {
    for (const kind of ['summary', 'content'] as const) {
      const whole = listOf(item[kind]).map((part) => textOf(objectOf(part)['text']) ?? '')
      this.addReasoning(restOf(whole.join(''), this.#given[kind]) ?? '', kind, out)
    }
    const encrypted = textOf(item['encrypted_content'])
    if (encrypted !== undefined) out.push({ type: 'reasoning-delta', text: '', id: this.id, encrypted })
  }

  // Free text as input: the caller's own tools only, servers run others of this kind by themselves.
  #finishCustomCall(item: Wire, out: Fragment[]): void {
    const name = textOf(item['name'])
    if (name === undefined || !this.#answer.customTools.has(name)) return
    const input = JSON.stringify(textOf(item['input']) ?? '')
    out.push({ type: 'tool', index: this.key, id: this.callId, name, delta: input, done: true })
  }
}

// What the caller has to do, and no neutral event can say.
const CALLERS_TURN: ReadonlySet<string> = new Set([
  'computer_call',
  'local_shell_call',
  'apply_patch_call',
  'mcp_approval_request',
])

function notNeutral(type: string): Fragment {
  const message = `the answer holds an item "${type}" that waits for the caller; it has no neutral form and was passed over`
  return { type: 'warning', warning: { type: 'other', message } }
}

/** What `whole` has beyond `given`; `undefined` where it does not begin with it. */
function restOf(whole: string, given: string): string | undefined {
  return whole.startsWith(given) ? whole.slice(given.length) : undefined
}

function readImage(item: Wire, out: Fragment[]): void {
  const data = textOf(item['result'])
  if (data === undefined) return
  const format = textOf(item['output_format']) ?? 'png'
  out.push({ type: 'file', mediaType: format === 'svg' ? 'image/svg+xml' : `image/${format}`, data })
}

function readLogprobs(value: unknown): readonly TokenLogprob[] {
  return listOf(value).map((item) => {
    const { token, logprob, top_logprobs: top } = objectOf(item)
    const others = listOf(top).map((other) => readLogprob(objectOf(other)))
    return { ...readLogprob({ token, logprob }), ...(others.length > 0 ? { top: others } : undefined) }
  })
}

function readLogprob({ token, logprob }: Wire): { token: string; logprob: number } {
  return { token: textOf(token) ?? '', logprob: numberOf(logprob) ?? 0 }
}
