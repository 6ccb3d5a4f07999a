import type { Dialect, Fragment, Reader } from '../../core/dialect.ts'
import { isObject, listOf, numberOf, objectOf, textOf, type JsonObject } from '../../core/json.ts'
import type { TokenLogprob } from '../../core/response.ts'
import { readLogprob } from '../logprobs.ts'
import { laterFault } from '../later-fault.ts'

/** Reads error replies, by what is loaded with the first one. */
export const readFault: Dialect['fault'] = laterFault(() =>
  import('./fault.ts').then((loaded) => loaded.readFault),
)

type Wire = Readonly<Record<string, unknown>>

/** Creates a reader for one stream of tokens. */
export function createReader(): Reader {
  return {
    read: (json, _event, out) => {
      if (!isObject(json)) return
      if (isFault(json)) {
        out.push({ type: 'fault', fault: () => readFault(undefined, json) })
        return
      }
      const { token } = json
      if (typeof token === 'string' && token !== '') out.push({ type: 'text-delta', text: token })
      const reason = reasonOf(json)
      if (reason !== undefined) out.push({ type: 'finish', reason }, { type: 'end' })
    },
  }
}

/** Adds the fragments of a whole reply to `out`. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  const [first] = listOf(reply['results'])
  if (!isObject(first)) {
    out.push({ type: 'fault', fault: () => readFault(undefined, reply) })
    return
  }
  const logprobs = readLogprobs(first['logprobs'])
  const text = textOf(first['text']) ?? ''
  out.push(logprobs === undefined ? { type: 'text-delta', text } : { type: 'text-delta', text, logprobs })
  pushUsage(first, out)
  out.push({ type: 'finish', reason: reasonOf(first) }, { type: 'end' })
}

// Only newer servers report usage, and only in whole replies.
function pushUsage({ prompt_tokens: prompt, completion_tokens: completion }: Wire, out: Fragment[]): void {
  const inputTokens = numberOf(prompt)
  const outputTokens = numberOf(completion)
  if (inputTokens === undefined || outputTokens === undefined || inputTokens + outputTokens === 0) return
  out.push({ type: 'usage', usage: { inputTokens, outputTokens } })
}

function isFault(json: Wire): boolean {
  return json['token'] === undefined && (json['error'] !== undefined || json['detail'] !== undefined)
}

// Older servers write the text "null" while there is no reason yet.
function reasonOf({ finish_reason: reason }: Wire): string | undefined {
  return reason === 'null' ? undefined : textOf(reason)
}

function readLogprobs(value: unknown): TokenLogprob[] | undefined {
  const { content } = objectOf(value)
  return Array.isArray(content) ? content.map(readLogprob) : undefined
}
