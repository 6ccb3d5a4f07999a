import type { Dialect, Fragment, Reader } from '../../core/dialect.ts'
import { LlmError } from '../../core/error.ts'
import { isObject, listOf, textOf, type JsonObject, rowOf } from '../../core/json.ts'
import { choiceOf } from '../choice.ts'
import { CandidateReader } from './candidate.ts'
import { finishReasons } from './finish.ts'
import { mergeFigures } from '../../core/usage.ts'
import { readUsage } from './usage.ts'
import { holdsError, laterFault } from '../later-fault.ts'

/** Reads error replies, by what is loaded with the first one. */
export const readFault: Dialect['fault'] = laterFault(() =>
  import('./fault.ts').then((loaded) => loaded.readFault),
)

/** Creates a reader for one stream of partial replies. */
export function createReader(): Reader {
  const reply = new ReplyReader()
  return {
    read: (json, _event, out) => {
      // An error may be a list of one.
      for (const item of Array.isArray(json) ? json : [json]) if (isObject(item)) reply.read(item, out)
    },
    end: (out) => reply.end(out),
  }
}

/** Adds the fragments of a whole reply to `out`. Throws `reply-malformed` if it is not an answer, a refusal or an error. */
export function readReply(reply: JsonObject, out: Fragment[]): void {
  if (holdsError(reply['error'])) {
    out.push({ type: 'fault', fault: () => readFault(undefined, reply) })
    return
  }
  const answered = listOf(reply['candidates']).length > 0
  if (!answered && !isObject(reply['promptFeedback'])) {
    const message =
      'the reply holds neither candidates nor a reason why the prompt was blocked: check baseUrl, or try again'
    throw new LlmError('reply-malformed', message)
  }
  const reader = new ReplyReader()
  reader.read(reply, out)
  reader.end(out)
  if (!answered && !out.some((fragment) => fragment.type === 'finish'))
    out.push({ type: 'finish', reason: BLOCKED })
  out.push({ type: 'end' })
}

/** Stop reason of a prompt that was blocked for an unknown reason. */
const BLOCKED = 'BLOCKED_REASON_UNSPECIFIED'

class ReplyReader {
  #named = false
  #usage: Record<string, unknown> | undefined
  readonly #candidates = new Map<number, CandidateReader>()

  read(reply: Record<string, unknown>, out: Fragment[]): void {
    if (holdsError(reply['error'])) {
      out.push({ type: 'fault', fault: () => readFault(undefined, reply) })
      return
    }
    if (!this.#named) this.#readMeta(reply, out)
    const { candidates, promptFeedback, usageMetadata } = reply
    if (isObject(usageMetadata)) {
      this.#usage = mergeFigures(this.#usage, usageMetadata)
      const usage = readUsage(this.#usage)
      if (usage !== undefined) out.push({ type: 'usage', usage, merged: true })
    }
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

// A blocked prompt has no answer, so that its feedback ends the reply.
function readFeedback({ blockReason, blockReasonMessage }: Record<string, unknown>, out: Fragment[]): void {
  const reason = textOf(blockReason)
  const why = textOf(blockReasonMessage)
  if (reason === undefined && why === undefined) return
  const message = `the prompt was blocked (${reason ?? 'no reason given'})${why === undefined ? '' : `: ${why}`}`
  out.push({ type: 'warning', warning: { type: 'other', message } })
  const known = reason !== undefined && rowOf(finishReasons, reason) === 'content-filter'
  out.push({ type: 'finish', reason: known ? reason : BLOCKED })
}
