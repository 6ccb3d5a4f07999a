import type { Fragment, Reader } from '../../core/dialect.ts'
import { LlmError } from '../../core/error.ts'
import { isObject, listOf, textOf, type JsonObject } from '../../core/json.ts'
import { choiceOf } from '../choice.ts'
import { CandidateReader } from './candidate.ts'
import { readGeminiFault } from './fault.ts'
import { finishReasons } from './finish.ts'
import { readUsage } from './usage.ts'

/** A reader for one stream of partial replies. */
export function createReader(): Reader {
  const reply = new ReplyReader()
  return {
    read: (json, _event, out) => {
      // Errors come as a list of one, too.
      for (const item of Array.isArray(json) ? json : [json]) if (isObject(item)) reply.read(item, out)
    },
    end: (out) => reply.end(out),
  }
}

/** A whole reply as fragments. Throws `reply-malformed` where it is neither an answer, nor a refusal, nor an error. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  if (isObject(reply['error'])) {
    out.push({ type: 'fault', fault: readGeminiFault(undefined, reply) })
    return
  }
  const answered = listOf(reply['candidates']).length > 0
  if (!answered && !isObject(reply['promptFeedback'])) {
    const message =
      'the reply holds no candidates, and does not say that the prompt was blocked: check the base URL, or try again'
    throw new LlmError('reply-malformed', message)
  }
  const reader = new ReplyReader()
  reader.read(reply, out)
  reader.end(out)
  if (!answered && !out.some((fragment) => fragment.type === 'finish'))
    out.push({ type: 'finish', reason: BLOCKED })
  out.push({ type: 'end' })
}

/** The word for a blocked prompt whose reason is none that is known. */
const BLOCKED = 'BLOCKED_REASON_UNSPECIFIED'

class ReplyReader {
  #named = false
  readonly #candidates = new Map<number, CandidateReader>()

  read(reply: Record<string, unknown>, out: Fragment[]): void {
    if (isObject(reply['error'])) {
      out.push({ type: 'fault', fault: readGeminiFault(undefined, reply) })
      return
    }
    if (!this.#named) this.#readMeta(reply, out)
    const { candidates, promptFeedback, usageMetadata } = reply
    const usage = usageMetadata === undefined ? undefined : readUsage(usageMetadata)
    if (usage !== undefined) out.push({ type: 'usage', usage })
    if (Array.isArray(candidates) && candidates.length > 0)
      for (const candidate of candidates) this.#readCandidate(candidate, out)
    else if (isObject(promptFeedback)) readFeedback(promptFeedback, out)
  }

  end(out: Fragment[]): void {
    for (const candidate of this.#candidates.values()) candidate.end(out)
  }

  #readMeta(reply: Record<string, unknown>, out: Fragment[]): void {
    const id = textOf(reply['responseId'])
    const model = textOf(reply['modelVersion'])
    if (id !== undefined || model !== undefined) out.push({ type: 'meta', id, model })
    this.#named = id !== undefined && model !== undefined
  }

  #readCandidate(candidate: unknown, out: Fragment[]): void {
    if (!isObject(candidate)) return
    const choice = choiceOf(candidate['index'])
    let reader = this.#candidates.get(choice ?? 0)
    if (reader === undefined) this.#candidates.set(choice ?? 0, (reader = new CandidateReader(choice)))
    reader.read(candidate, out)
  }
}

// A prompt that was blocked has no answer: this is its end.
function readFeedback({ blockReason, blockReasonMessage }: Record<string, unknown>, out: Fragment[]): void {
  const reason = textOf(blockReason)
  const words = textOf(blockReasonMessage)
  if (reason === undefined && words === undefined) return
  const message = `the prompt was blocked (${reason ?? 'no reason given'})${words === undefined ? '' : `: ${words}`}`
  out.push({ type: 'warning', warning: { type: 'other', message } })
  const known = reason !== undefined && finishReasons[reason] === 'content-filter'
  out.push({ type: 'finish', reason: known ? reason : BLOCKED })
}
