import type { Fragment } from '../../core/dialect.ts'
import {
  isObject,
  listOf,
  numberOf,
  objectOf,
  textOf,
  type JsonObject,
  type JsonValue,
  rowOf,
} from '../../core/json.ts'
import type { TokenLogprob } from '../../core/response.ts'
import { CallReader } from './calls.ts'
import { createCitationReader, type CitationReader } from './citations.ts'

type Mark = { readonly choice: number } | undefined

/** Reads one answer of a stream, frame by frame. */
export class CandidateReader {
  readonly #mark: Mark
  readonly #calls: CallReader
  #citations: CitationReader | undefined
  /** The text so far, in which citations have their position. */
  #text = ''
  /** Number of calls of the provider's own tools. */
  #steps = 0
  /** Log probabilities of this frame, until they are added to its text. */
  #logprobs: readonly TokenLogprob[] | undefined

  /** `choice`: the answer's index; `undefined` for the first. */
  constructor(choice: number | undefined) {
    this.#mark = choice === undefined ? undefined : { choice }
    this.#calls = new CallReader(this.#mark)
  }

  read(candidate: Record<string, unknown>, out: Fragment[]): void {
    const { content, finishReason, logprobsResult } = candidate
    const parts = isObject(content) ? content['parts'] : undefined
    if (logprobsResult !== undefined) this.#logprobs = readLogprobs(logprobsResult)
    if (Array.isArray(parts)) for (const part of parts) this.#readPart(part, out)
    if (this.#logprobs !== undefined) this.#pushText('', undefined, out)
    if (candidate['groundingMetadata'] !== undefined || candidate['citationMetadata'] !== undefined) {
      this.#citations ??= createCitationReader(this.#mark?.choice)
      this.#citations.read(candidate, this.#text, out)
    }
    if (typeof finishReason === 'string' && finishReason !== '') this.#finish(finishReason, candidate, out)
    else if (isFirstGeneration(candidate['safetyRatings'])) out.push({ type: 'finish', ...this.#mark })
  }

  #readPart(part: unknown, out: Fragment[]): void {
    if (!isObject(part)) return
    const { text, functionCall, functionResponse, inlineData, fileData } = part
    const signature = textOf(part['thoughtSignature'])
    if (isObject(functionCall)) return this.#calls.read(part, out)
    if (isObject(functionResponse)) {
      for (const call of this.#calls.answer(functionResponse)) this.#keep(call, out)
      return this.#keep(part, out)
    }
    this.#calls.release(out)
    if (typeof text === 'string') this.#readText(text, part['thought'] === true, signature, out)
    else if (isObject(inlineData)) {
      // Images inside a thought are not part of the answer.
      if (part['thought'] !== true) this.#readFile(inlineData, 'data', { out, signature })
    } else if (isObject(fileData)) this.#readFile(fileData, 'fileUri', { out, signature })
    else if (OWN_WORK.some((kind) => part[kind] !== undefined)) this.#keep(part, out)
    else if (signature !== undefined) this.#readText('', part['thought'] === true, signature, out)
  }

  /** Called at the end of the stream. Calls that the service did not answer are the caller's. */
  end(out: Fragment[]): void {
    this.#calls.release(out)
  }

  #keep(value: unknown, out: Fragment[]): void {
    const part = value as JsonObject
    const kind = Object.keys(part).find((key) => rowOf(STEPS, key) !== undefined) ?? ''
    const step = objectOf(part[kind])
    const isCall = rowOf(STEPS, kind) === 'call'
    if (isCall) this.#steps++
    const id = textOf(step['id']) ?? `step_${this.#steps}`
    const name = textOf(step['toolType']) ?? textOf(step['name']) ?? 'code_execution'
    if (isCall) {
      const asked = (step['args'] ?? step) as JsonValue
      out.push({ type: 'server-tool-call', id, name, arguments: asked, block: part, ...this.#mark })
    } else out.push({ type: 'server-tool-result', id, name, result: part, ...this.#mark })
  }

  #readText(text: string, thought: boolean, signature: string | undefined, out: Fragment[]): void {
    if (text === '' && signature === undefined) return
    if (!thought) this.#pushText(text, signature, out)
    else out.push({ type: 'reasoning-delta', text, ...signed(signature), ...this.#mark })
  }

  #pushText(text: string, signature: string | undefined, out: Fragment[]): void {
    const logprobs = this.#logprobs
    this.#logprobs = undefined
    this.#text += text
    const measured = logprobs === undefined ? undefined : { logprobs }
    out.push({ type: 'text-delta', text, ...signed(signature), ...measured, ...this.#mark })
  }

  #readFile(file: Record<string, unknown>, field: 'data' | 'fileUri', { out, signature }: MarkedOut): void {
    const value = textOf(file[field])
    if (value === undefined) return
    const where = field === 'data' ? { data: value } : { url: value }
    const mediaType = textOf(file['mimeType']) ?? 'application/octet-stream'
    out.push({ type: 'file', mediaType, ...where, ...signed(signature), ...this.#mark })
  }

  #finish(reason: string, { finishMessage }: Record<string, unknown>, out: Fragment[]): void {
    this.#calls.end(out)
    const why = textOf(finishMessage)
    if (why !== undefined && !EXPECTED.has(reason))
      out.push({
        type: 'warning',
        warning: { type: 'other', message: `the model stopped (${reason}): ${why}` },
      })
    out.push({ type: 'finish', reason, message: why, ...this.#mark })
  }
}

function signed(signature: string | undefined): { readonly signature: string } | undefined {
  return signature === undefined ? undefined : { signature }
}

// Tools that the provider runs itself. They are sent back with the next request and are not part of the answer.
const STEPS: Readonly<Record<string, 'call' | 'result'>> = {
  executableCode: 'call',
  codeExecutionResult: 'result',
  toolCall: 'call',
  toolResponse: 'result',
  functionCall: 'call',
  functionResponse: 'result',
}
const OWN_WORK: readonly string[] = ['executableCode', 'codeExecutionResult', 'toolCall', 'toolResponse']
const EXPECTED: ReadonlySet<string> = new Set(['STOP', 'MAX_TOKENS'])

// Safety categories of the first generation of the service. It may end streams without a finish reason, while in newer
// generations such a stream is cut off.
const FIRST_RATINGS: ReadonlySet<unknown> = new Set([
  'HARM_CATEGORY_DEROGATORY',
  'HARM_CATEGORY_TOXICITY',
  'HARM_CATEGORY_VIOLENCE',
  'HARM_CATEGORY_SEXUAL',
  'HARM_CATEGORY_MEDICAL',
  'HARM_CATEGORY_DANGEROUS',
])

function isFirstGeneration(ratings: unknown): boolean {
  return Array.isArray(ratings) && ratings.some((rating) => FIRST_RATINGS.has(objectOf(rating)['category']))
}

function readLogprobs(value: unknown): TokenLogprob[] {
  const { chosenCandidates, topCandidates } = objectOf(value)
  const tops = listOf(topCandidates)
  return listOf(chosenCandidates).map((chosen, at) => {
    const top = listOf(objectOf(tops[at])['candidates']).map(readLogprob)
    return { ...readLogprob(chosen), ...(top.length > 0 ? { top } : undefined) }
  })
}

function readLogprob(value: unknown): { token: string; logprob: number } {
  const { token, logProbability } = objectOf(value)
  return { token: textOf(token) ?? '', logprob: numberOf(logProbability) ?? 0 }
}

interface MarkedOut {
  readonly out: Fragment[]
  readonly signature: string | undefined
}
