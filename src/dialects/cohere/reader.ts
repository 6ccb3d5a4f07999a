import type { Dialect, Fragment, Reader } from '../../core/dialect.ts'
import { isObject, listOf, numberOf, objectOf, textOf, type JsonObject } from '../../core/json.ts'
import type { TokenLogprob } from '../../core/response.ts'
import { readUsage } from './usage.ts'
import { laterFault } from '../later-fault.ts'

/** Reads error replies, by what is loaded with the first one. */
export const readFault: Dialect['fault'] = laterFault(() =>
  import('./fault.ts').then((loaded) => loaded.readFault),
)

type Wire = Readonly<Record<string, unknown>>

/** Creates a reader for one stream of events. */
export function createReader(): Reader {
  // The tool plan arrives in pieces and is one value of the message.
  let plan = ''
  const placePlan = (out: Fragment[]): void => {
    if (plan !== '') readPlan(plan, out)
    plan = ''
  }
  return {
    read: (json, event, out) => {
      if (!isObject(json)) return
      const type = textOf(json['type']) ?? event
      const delta = objectOf(json['delta'])
      const message = objectOf(delta['message'])
      switch (type) {
        case 'message-start':
          out.push({ type: 'meta', id: textOf(json['id']) })
          return
        case 'content-start':
        case 'content-delta':
          readContent(message['content'], json['logprobs'], out)
          return
        case 'tool-plan-delta':
          plan += textOf(message['tool_plan']) ?? ''
          return
        case 'tool-call-start':
          placePlan(out)
          readToolCalls(message['tool_calls'], numberOf(json['index']), out)
          return
        case 'tool-call-delta':
          readToolCalls(message['tool_calls'], numberOf(json['index']), out)
          return
        case 'tool-call-end':
          out.push({ type: 'tool', index: numberOf(json['index']), done: true })
          return
        case 'citation-start':
          for (const citation of oneOrMore(message['citations'])) readCitation(citation, out)
          return
        case 'message-end':
          placePlan(out)
          readEnd(delta, out)
          return
        default:
          if (isFault(json, type)) out.push({ type: 'fault', fault: () => readFault(undefined, json) })
      }
    },
  }
}

/** Adds the fragments of a whole reply to `out`. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  if (isFault(reply, undefined)) {
    out.push({ type: 'fault', fault: () => readFault(undefined, reply) })
    return
  }
  out.push({ type: 'meta', id: textOf(reply['id']) })
  const message = objectOf(reply['message'])
  const logprobs = listOf(reply['logprobs']).map(readLogprob)
  for (const part of oneOrMore(message['content'])) readContent(part, undefined, out)
  if (logprobs.length > 0) out.push({ type: 'text-delta', text: '', logprobs })
  const plan = textOf(message['tool_plan'])
  if (plan !== undefined) readPlan(plan, out)
  for (const [index, call] of listOf(message['tool_calls']).entries()) {
    readToolCalls(call, index, out)
    out.push({ type: 'tool', index, done: true })
  }
  for (const citation of listOf(message['citations'])) readCitation(citation, out)
  readEnd(reply, out)
}

// A flat message or an error in place of an answer.
function isFault(json: Wire, type: string | undefined): boolean {
  const { error, message } = json
  return type === 'error' || (error !== undefined && error !== null) || textOf(message) !== undefined
}

function oneOrMore(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}

function readContent(value: unknown, logprobs: unknown, out: Fragment[]): void {
  const { text, thinking } = isObject(value) ? value : { text: value }
  if (typeof thinking === 'string') out.push({ type: 'reasoning-delta', text: thinking })
  if (typeof text !== 'string') return
  if (isObject(logprobs)) out.push({ type: 'text-delta', text, logprobs: [readLogprob(logprobs)] })
  else out.push({ type: 'text-delta', text })
}

// Kept among the reasoning, because it is not part of the answer but has to be sent back with the tool results.
function readPlan(plan: string, out: Fragment[]): void {
  out.push({ type: 'reasoning-delta', text: '', details: { tool_plan: plan } })
}

function readToolCalls(value: unknown, index: number | undefined, out: Fragment[]): void {
  for (const item of oneOrMore(value)) {
    const call = objectOf(item)
    const { name, arguments: args } = objectOf(call['function'])
    const piece = isObject(args) ? { arguments: args as JsonObject } : { delta: textOf(args) }
    out.push({ type: 'tool', index, id: textOf(call['id']), name: textOf(name), ...piece })
  }
}

// One citation for each source. Only positions in the text are kept, not those in a plan or thought.
function readCitation(value: unknown, out: Fragment[]): void {
  const citation = objectOf(value)
  const { type } = citation
  const inText = type === undefined || type === 'TEXT_CONTENT'
  const place = inText ? { start: numberOf(citation['start']), end: numberOf(citation['end']) } : undefined
  const text = textOf(citation['text'])
  const sources = listOf(citation['sources'])
  for (const item of sources.length === 0 ? [{}] : sources) {
    const source = objectOf(item)
    const document = objectOf(source['document'] ?? source['tool_output'])
    out.push({
      type: 'citation',
      url: textOf(document['url']),
      title: textOf(document['title']) ?? textOf(source['id']),
      text,
      ...place,
    })
  }
}

function readEnd(end: Wire, out: Fragment[]): void {
  const usage = readUsage(end['usage'])
  if (usage !== undefined) out.push({ type: 'usage', usage })
  const error = textOf(end['error'])
  if (error !== undefined) {
    out.push({ type: 'fault', fault: () => readFault(undefined, { message: error }) })
    return
  }
  out.push({ type: 'finish', reason: textOf(end['finish_reason']) })
  out.push({ type: 'end' })
}

// A chunk may hold several tokens; the logarithm of their joint probability is the sum.
function readLogprob(value: unknown): TokenLogprob {
  const { text, logprobs } = objectOf(value)
  const sum = listOf(logprobs).reduce<number>((all, one) => all + (numberOf(one) ?? 0), 0)
  return { token: textOf(text) ?? '', logprob: sum }
}
