import type { Dialect, Fragment, Reader } from '../../core/dialect.ts'
import {
  isObject,
  listOf,
  numberOf,
  objectOf,
  textOf,
  type JsonObject,
  type JsonValue,
} from '../../core/json.ts'
import { choiceOf } from '../choice.ts'
import { readLogprob } from '../logprobs.ts'
import { HeldBlocks } from './held-blocks.ts'
import { googleMark, readMark, signatureIn, textOfBlocks } from './thoughts.ts'
import { readUsage } from './usage.ts'
import { holdsError, laterFault } from '../later-fault.ts'

/** Reads error replies, by what is loaded with the first one. */
export const readFault: Dialect['fault'] = laterFault(() =>
  import('./fault.ts').then((loaded) => loaded.readFault),
)
const noAnswer = laterFault(() => import('../fault.ts').then((loaded) => loaded.noAnswer))

/** Creates a reader for one stream of chunks. */
export function createReader(): Reader {
  let named = false
  // Some servers repeat the whole list of sources with every chunk.
  let cited = 0
  let pieces = false
  const blocks = new HeldBlocks()
  return {
    textRepeats: true,
    read: (json, event, out) => {
      if (!isObject(json)) return
      const { choices, usage } = json
      if (isFault(json, event)) {
        out.push({ type: 'fault', fault: () => readFault(undefined, json) })
        return
      }
      if (!named) named = readMeta(json, out)
      const from = out.length
      for (const choice of listOf(choices) as readonly Choice[])
        readChoice(pieces ? withoutRepeat(choice) : choice, 'delta', out)
      pieces ||= listOf(choices).some(isPiece) && out.slice(from).some(({ type }) => type !== 'finish')
      if (usage !== undefined && usage !== null) readUsageInto(usage, out)
      else if (json['x_groq'] !== undefined) readExtras(json['x_groq'], out)
      cited = readSources(json, cited, out)
      blocks.pass(out, from)
    },
    end: (out) => blocks.end(out),
  }
}

/** Adds the fragments of a whole reply to `out`. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  if (isFault(reply, undefined)) {
    out.push({ type: 'fault', fault: () => readFault(undefined, reply) })
    return
  }
  if (!Array.isArray(reply['choices'])) {
    out.push({ type: 'fault', fault: () => noAnswer(undefined, reply) })
    return
  }
  readMeta(reply, out)
  for (const choice of listOf(reply['choices'])) readChoice(choice as Choice, 'message', out)
  if (reply['usage'] !== undefined) readUsageInto(reply['usage'], out)
  readSources(reply, 0, out)
  out.push({ type: 'end' })
}

interface Choice {
  readonly index?: number
  readonly finish_reason?: string | null
  readonly error?: JsonValue
  readonly delta?: Delta
  readonly message?: Delta | undefined
  readonly text?: string
  readonly usage?: JsonValue
  readonly logprobs?: JsonValue
}
type Delta = Readonly<Record<string, unknown>>

// An error instead of or beside an empty list of choices, named `error` or in a flat shape.
function isFault(json: Record<string, unknown>, event: string | undefined): boolean {
  const { error, choices } = json
  if (holdsError(error)) return true
  if (Array.isArray(choices)) return false
  if (json['base_resp'] !== undefined && (numberOf(objectOf(json['base_resp'])['status_code']) ?? 0) !== 0)
    return true
  return event === 'error' || json['object'] === 'error' || (choices === undefined && isFlatError(json))
}

function isFlatError({ detail, message, msg, success }: Record<string, unknown>): boolean {
  return detail !== undefined || (textOf(message) ?? textOf(msg)) !== undefined || success === false
}

function readMeta(json: Record<string, unknown>, out: Fragment[]): boolean {
  const id = textOf(json['id'])
  const model = textOf(json['model'])
  if (id === undefined && model === undefined) return false
  out.push({ type: 'meta', id, model })
  return id !== undefined && model !== undefined
}

function readChoice(choice: Choice, field: 'delta' | 'message', out: Fragment[]): void {
  if (!isObject(choice)) return
  // Some servers send a whole message in a stream, or a delta in a whole reply.
  const delta = choice[field] ?? choice.message ?? choice.delta
  const index = choiceOf(choice.index)
  const mark = index === undefined ? undefined : { choice: index }
  if (isObject(delta)) readDelta(delta, mark, choice.logprobs, out)
  else if (typeof choice.text === 'string') out.push({ type: 'text-delta', text: choice.text, ...mark })
  const reason = textOf(choice.finish_reason)
  if (choice.usage !== undefined && choice.usage !== null) readUsageInto(choice.usage, out)
  // A broken answer holds its error beside the finish reason.
  if ((reason === undefined || reason === 'error') && holdsError(choice.error))
    out.push({ type: 'fault', fault: () => readFault(undefined, { error: choice.error }) })
  else if (reason !== undefined) out.push({ type: 'finish', reason, ...mark })
}

function isPiece(choice: unknown): boolean {
  return isObject(objectOf(choice)['delta'])
}

// Some servers end a stream of deltas with the whole message, whose text was delivered before.
function withoutRepeat(choice: Choice): Choice {
  return isObject(choice) && isObject(choice.message) && !isPiece(choice)
    ? { ...choice, message: undefined }
    : choice
}

type Mark = { readonly choice: number } | undefined

function readDelta(delta: Delta, mark: Mark, logprobs: unknown, out: Fragment[]): void {
  const reasoning = textOf(delta['reasoning_content']) ?? textOf(delta['reasoning'])
  if (reasoning !== undefined) out.push({ type: 'reasoning-delta', text: reasoning, ...mark })
  for (const field of BLOCKS) if (delta[field] !== undefined) readDetails(delta[field], reasoning, mark, out)
  readContent(delta['content'], mark, logprobs, out)
  const signed = delta['extra_content'] === undefined ? undefined : readMark(delta)
  if (signed !== undefined)
    out.push({ type: 'text-delta', text: '', signature: signatureIn(signed), ...mark })
  const refusal = textOf(delta['refusal'])
  if (refusal !== undefined) {
    out.push({ type: 'text-delta', text: refusal, ...mark })
  }
  const { tool_calls: calls, function_call: legacy, audio } = delta
  if (Array.isArray(calls)) for (const call of calls) readToolCall(call, mark, out)
  else if (isObject(legacy)) readToolCall({ index: 0, function: legacy }, mark, out)
  if (delta['images'] !== undefined) for (const image of listOf(delta['images'])) readImage(image, mark, out)
  if (delta['annotations'] !== undefined) readAnnotations(delta['annotations'], mark, out)
  if (isObject(audio)) readAudio(audio, mark, out)
  if (isObject(delta['context'])) readSources(delta['context'], 0, out)
}

function readContent(content: unknown, mark: Mark, logprobs: unknown, out: Fragment[]): void {
  if (typeof content === 'string') {
    const tokens = logprobs === undefined || logprobs === null ? [] : listOf(objectOf(logprobs)['content'])
    if (tokens.length > 0)
      out.push({ type: 'text-delta', text: content, logprobs: tokens.map(readLogprob), ...mark })
    else if (content !== '')
      out.push(
        mark === undefined
          ? { type: 'text-delta', text: content }
          : { type: 'text-delta', text: content, ...mark },
      )
  } else if (Array.isArray(content)) {
    for (const part of content) readPart(part as JsonValue, mark, out)
  } else if (content !== undefined && content !== null) {
    // Some servers parse the JSON of a structured answer.
    out.push({ type: 'text-delta', text: JSON.stringify(content), ...mark })
  }
}

// Content as a list of parts: text, thinking (with its own list of texts), references.
function readPart(part: JsonValue, mark: Mark, out: Fragment[]): void {
  if (typeof part === 'string') {
    out.push({ type: 'text-delta', text: part, ...mark })
    return
  }
  const { type, text, thinking, image_url: image } = objectOf(part)
  if (type === 'thinking' || type === 'reasoning') {
    const texts = Array.isArray(thinking)
      ? thinking.map((item) => textOf(objectOf(item)['text']) ?? '')
      : [textOf(thinking) ?? textOf(text) ?? '']
    out.push({ type: 'reasoning-delta', text: texts.join(''), ...mark })
  } else if (typeof text === 'string') out.push({ type: 'text-delta', text, ...mark })
  else if (image !== undefined) readImage(part, mark, out)
}

// Lists of blocks that vendors require back unchanged: of OpenRouter and others, and of LiteLLM.
const BLOCKS = ['reasoning_details', 'thinking_blocks'] as const

// The vendor requires the list back unchanged. Without plain reasoning beside it, its texts are the reasoning.
function readDetails(value: unknown, reasoning: string | undefined, mark: Mark, out: Fragment[]): void {
  if (!Array.isArray(value) || value.length === 0) return
  const text = reasoning !== undefined ? '' : textOfBlocks(value)
  out.push({ type: 'reasoning-delta', text, details: value as JsonValue, ...mark })
}

function readToolCall(value: unknown, mark: Mark, out: Fragment[]): void {
  const call = objectOf(value)
  const called = objectOf(call['function'])
  const { arguments: args, name } = called
  const whole = isObject(args) ? { arguments: args as JsonObject } : undefined
  const details = readMark(call) ?? markOf(called)
  const signature = details === undefined ? undefined : signatureIn(details)
  out.push({
    type: 'tool',
    index: numberOf(call['index']),
    id: textOf(call['id']),
    name: textOf(name),
    delta: typeof args === 'string' ? args : undefined,
    ...whole,
    ...(details === undefined ? undefined : { signature, details }),
    ...mark,
  })
}

// Inside the function it is sent back beside it, where the vendor's own field has it.
function markOf(called: Delta): JsonObject | undefined {
  const found = readMark(called)
  const signature = found === undefined ? undefined : signatureIn(found)
  return signature === undefined ? undefined : googleMark(signature)
}

function readImage(value: unknown, mark: Mark, out: Fragment[]): void {
  const url = textOf(objectOf(objectOf(value)['image_url'])['url'])
  if (url === undefined) return
  const match = /^data:([^;,]+);base64,(.*)$/s.exec(url)
  if (match?.[1] !== undefined) out.push({ type: 'file', mediaType: match[1], data: match[2] ?? '', ...mark })
  else out.push({ type: 'file', mediaType: 'image/*', url, ...mark })
}

function readAudio({ data, transcript }: Record<string, unknown>, mark: Mark, out: Fragment[]): void {
  if (typeof transcript === 'string') out.push({ type: 'text-delta', text: transcript, ...mark })
  if (typeof data === 'string' && data !== '') out.push({ type: 'file', mediaType: 'audio/*', data, ...mark })
}

function readAnnotations(value: unknown, mark: Mark, out: Fragment[]): void {
  for (const item of listOf(value)) {
    const annotation = objectOf(item)
    const cited = objectOf(annotation['url_citation'])
    const url = textOf(cited['url']) ?? textOf(annotation['url'])
    if (url === undefined) continue
    const { title, start_index: start, end_index: end, content } = cited
    out.push({
      type: 'citation',
      url,
      title: textOf(title),
      text: textOf(content),
      start: numberOf(start),
      end: numberOf(end),
      ...mark,
    })
  }
}

/** Reads sources from the lists of several vendors, from index `cited` on. Returns their number so far. */
function readSources(json: Record<string, unknown>, cited: number, out: Fragment[]): number {
  const { citations, search_results: results, web_search: pages } = json
  if (citations === undefined && results === undefined && pages === undefined) return cited
  const found = [...listOf(results), ...listOf(pages)].map(objectOf)
  const listed = listOf(citations)
  const sources = listed.length > 0 ? listed : found
  for (const source of sources.slice(cited)) {
    const url = textOf(source) ?? urlOf(objectOf(source))
    if (url === undefined) continue
    // A list of bare URLs has its titles in another list.
    const page = isObject(source) ? source : objectOf(found.find((item) => urlOf(item) === url))
    const text = textOf(page['content']) ?? textOf(page['snippet'])
    out.push({ type: 'citation', url, title: textOf(page['title']), text })
  }
  return Math.max(cited, sources.length)
}

function urlOf(page: Record<string, unknown>): string | undefined {
  return textOf(page['url']) ?? textOf(page['link'])
}

function readUsageInto(value: unknown, out: Fragment[]): void {
  const usage = readUsage(value)
  if (usage !== undefined) out.push({ type: 'usage', usage })
}

function readExtras(value: unknown, out: Fragment[]): void {
  const { usage, error } = objectOf(value)
  if (textOf(error) !== undefined) out.push({ type: 'fault', fault: () => readFault(undefined, { error }) })
  readUsageInto(usage, out)
}
