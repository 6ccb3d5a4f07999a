import type { Fragment, Reader } from '../../core/dialect.ts'
import {
  isObject,
  listOf,
  numberOf,
  objectOf,
  textOf,
  type JsonObject,
  type JsonValue,
} from '../../core/json.ts'
import type { TokenLogprob } from '../../core/response.ts'
import { readFault } from './fault.ts'

type Wire = Readonly<Record<string, unknown>>

/** A reader for one stream of lines: each is a piece of the message, the last says why it ended. */
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

/** A whole reply as fragments: one line that holds everything. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  createReader().read(reply, undefined, out)
}

function readLine(line: Wire, out: Fragment[]): void {
  if (line['error'] !== undefined && line['error'] !== null) {
    out.push({ type: 'fault', fault: readFault(numberOf(line['status']), { error: line['error'] }) })
    return
  }
  readMessage(objectOf(line['message']), line['logprobs'], out)
  if (line['done'] !== true) return
  const input = numberOf(line['prompt_eval_count'])
  const output = numberOf(line['eval_count'])
  // A count of zero is left out; where both are, nothing was counted.
  if (input !== undefined || output !== undefined)
    out.push({ type: 'usage', usage: { inputTokens: input ?? 0, outputTokens: output ?? 0 } })
  // Older servers end without a reason.
  out.push({ type: 'finish', reason: textOf(line['done_reason']) ?? 'stop' }, { type: 'end' })
}

function readMessage(message: Wire, logprobs: unknown, out: Fragment[]): void {
  const { content, thinking } = message
  if (typeof thinking === 'string' && thinking !== '') out.push({ type: 'reasoning-delta', text: thinking })
  if (Array.isArray(logprobs))
    out.push({ type: 'text-delta', text: textOf(content) ?? '', logprobs: logprobs.map(readLogprob) })
  else if (typeof content === 'string' && content !== '') out.push({ type: 'text-delta', text: content })
  for (const call of listOf(message['tool_calls'])) readCall(objectOf(call), out)
}

// Calls come whole, most without an id. Their index is that of the line, or of the answer: it tells nothing.
function readCall(call: Wire, out: Fragment[]): void {
  const { name, arguments: args } = objectOf(call['function'])
  const whole = (args ?? {}) as JsonValue
  out.push({ type: 'tool', id: textOf(call['id']), name: textOf(name), arguments: whole, done: true })
}

function readLogprob(value: unknown): TokenLogprob {
  const { token, logprob, top_logprobs: top } = objectOf(value)
  const others = listOf(top).map((other) => readLogprob(other))
  const own = { token: textOf(token) ?? '', logprob: numberOf(logprob) ?? 0 }
  return others.length === 0 ? own : { ...own, top: others }
}
