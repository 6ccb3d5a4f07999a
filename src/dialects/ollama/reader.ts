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
import { readLogprob } from '../logprobs.ts'
import { laterFault } from '../later-fault.ts'

/** Reads error replies, by what is loaded with the first one. */
export const readFault: Dialect['fault'] = laterFault(() =>
  import('./fault.ts').then((loaded) => loaded.readFault),
)

type Wire = Readonly<Record<string, unknown>>

/** Creates a reader for one stream of lines: each is a piece of the message, and the last holds the stop reason. */
export function createReader(): Reader {
  let named = false
  return {
    read: (json, _event, out) => {
      if (!isObject(json)) return
      if (!named && typeof json['model'] === 'string') {
        named = true
        out.push({ type: 'meta', model: json['model'] })
      }
      readLine(json, out)
    },
  }
}

/** Adds the fragments of a whole reply, which is one line, to `out`. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  createReader().read(reply, undefined, out)
}

function readLine(line: Wire, out: Fragment[]): void {
  if (line['error'] !== undefined && line['error'] !== null) {
    out.push({ type: 'fault', fault: () => readFault(numberOf(line['status']), { error: line['error'] }) })
    return
  }
  readMessage(objectOf(line['message']), line['logprobs'], out)
  if (line['done'] !== true) return
  const input = numberOf(line['prompt_eval_count'])
  const output = numberOf(line['eval_count'])
  // The server omits a count of zero. If both are missing, it counted nothing.
  if (input !== undefined || output !== undefined)
    out.push({ type: 'usage', usage: { inputTokens: input ?? 0, outputTokens: output ?? 0 } })
  // Older servers send no reason.
  const reason = textOf(line['done_reason']) ?? (line['message'] === undefined ? undefined : 'stop')
  out.push({ type: 'finish', reason }, { type: 'end' })
}

function readMessage(message: Wire, logprobs: unknown, out: Fragment[]): void {
  const { content, thinking } = message
  if (typeof thinking === 'string' && thinking !== '') out.push({ type: 'reasoning-delta', text: thinking })
  if (Array.isArray(logprobs))
    out.push({ type: 'text-delta', text: textOf(content) ?? '', logprobs: logprobs.map(readLogprob) })
  else if (typeof content === 'string' && content !== '') out.push({ type: 'text-delta', text: content })
  for (const call of listOf(message['tool_calls'])) readCall(objectOf(call), out)
}

// Calls arrive whole, most without an id. Their index is not used, because servers disagree on what it counts.
function readCall(call: Wire, out: Fragment[]): void {
  const { name, arguments: args } = objectOf(call['function'])
  const whole = (args ?? {}) as JsonValue
  out.push({ type: 'tool', id: textOf(call['id']), name: textOf(name), arguments: whole, done: true })
}
