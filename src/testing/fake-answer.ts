import { LlmError } from '../core/error.ts'
import type { JsonValue } from '../core/json.ts'
import type { Citation, FinishReason, GeneratedFile, Usage } from '../core/response.ts'
import { estimateTokens } from '../core/tokens.ts'
import type { FakeReasoning, FakeReply, FakeToolCall, ToolDeltas } from './reply.ts'
import type { FakeRequest } from './request.ts'

/** A text, and the pieces in which it is streamed. */
export interface Pieces {
  readonly whole: string
  readonly parts: readonly string[]
}
export interface AnswerCall {
  readonly id: string | undefined
  readonly name: string
  readonly arguments: JsonValue
  /** The arguments as JSON text. */
  readonly text: Pieces
  readonly signature?: string | undefined
}
export interface AnswerReasoning extends Pieces {
  readonly signature: string
  readonly encrypted?: string | undefined
}

/** A scripted reply with everything filled in: what a wire format writes down. */
export interface FakeAnswer {
  /** Unique per answer of one fake; formats put their own prefix before it. */
  readonly id: string
  readonly model: string
  readonly createdMs: number
  readonly text: Pieces
  readonly reasoning: AnswerReasoning | undefined
  readonly toolCalls: readonly AnswerCall[]
  readonly citations: readonly Citation[]
  readonly files: readonly GeneratedFile[]
  readonly finishReason: FinishReason
  readonly rawFinishReason: string | undefined
  readonly usage: Usage | undefined
  readonly toolDeltas: ToolDeltas
}

/** Fills in a reply. */
export function composeAnswer(reply: FakeReply, request: FakeRequest, epochMs: number): FakeAnswer {
  const { chaos } = reply
  const oversize = chaos?.type === 'oversize' ? ['x'.repeat(chaos.length ?? 5_000_000)] : undefined
  const text = cut(oversize ?? reply.text ?? '', reply.chunks)
  const reasoning = composeReasoning(reply)
  const toolCalls = (reply.toolCalls ?? []).map((call) => composeCall(call, reply.chunks))
  return {
    id: `fake${request.call + 1}`,
    model: reply.model ?? request.model,
    createdMs: epochMs,
    text,
    reasoning,
    toolCalls,
    citations: reply.citations ?? [],
    files: reply.files ?? [],
    finishReason: reply.finishReason ?? (toolCalls.length > 0 ? 'tool-calls' : 'stop'),
    rawFinishReason: reply.rawFinishReason,
    usage:
      reply.usage === false
        ? undefined
        : composeUsage(reply.usage ?? {}, request, { text, reasoning, toolCalls }),
    toolDeltas: reply.toolDeltas ?? 'usual',
  }
}

function composeReasoning({ reasoning, chunks }: FakeReply): AnswerReasoning | undefined {
  if (reasoning === undefined) return undefined
  const given: FakeReasoning =
    typeof reasoning === 'string' || isList(reasoning) ? { text: reasoning } : reasoning
  const pieces = cut(given.text ?? '', chunks)
  return { ...pieces, signature: given.signature ?? signatureOf(pieces.whole), encrypted: given.encrypted }
}

function composeCall(call: FakeToolCall, chunks: FakeReply['chunks']): AnswerCall {
  const given = call.arguments ?? {}
  const text = call.argumentsText ?? JSON.stringify(given)
  // JSON has few spaces to cut at.
  const every = typeof chunks === 'number' ? chunks : 8
  return { id: call.id, name: call.name, arguments: given, text: cut(text, every), signature: call.signature }
}

function composeUsage(
  given: Partial<Usage>,
  request: FakeRequest,
  { text, reasoning, toolCalls }: Pick<FakeAnswer, 'text' | 'reasoning' | 'toolCalls'>,
): Usage {
  const reasoningTokens =
    given.reasoningTokens ?? (reasoning === undefined ? undefined : estimateTokens(reasoning.whole))
  const callTokens = toolCalls.map((call) => estimateTokens(call.name) + estimateTokens(call.text.whole))
  const told = callTokens.reduce((sum, tokens) => sum + tokens, estimateTokens(text.whole))
  const inputTokens = given.inputTokens ?? estimateInput(request)
  const outputTokens = given.outputTokens ?? told + (reasoningTokens ?? 0)
  return {
    ...given,
    inputTokens,
    outputTokens,
    totalTokens: given.totalTokens ?? inputTokens + outputTokens,
    reasoningTokens,
  }
}

function estimateInput({ system, turns, tools }: FakeRequest): number {
  const texts = turns.map((turn) => JSON.stringify(turn)).join('')
  return estimateTokens(system) + estimateTokens(texts) + estimateTokens(JSON.stringify(tools))
}

/** Cuts a text at words, or after so many characters; a list is cut already. */
function cut(text: string | readonly string[], chunks: FakeReply['chunks'] = 'words'): Pieces {
  if (typeof text !== 'string') return { whole: text.join(''), parts: text }
  if (chunks === 'words') return { whole: text, parts: text.match(/\s*\S+|\s+$/g) ?? [] }
  const characters = Array.from(text)
  const count = Math.ceil(characters.length / chunks)
  const parts = Array.from({ length: count }, (_none, index) =>
    characters.slice(index * chunks, (index + 1) * chunks).join(''),
  )
  return { whole: text, parts }
}

const SIGNATURE_LEAD = 'fake-signature-'

/** The signature of a thought that the fake makes itself. */
export function signatureOf(text: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return `${SIGNATURE_LEAD}${(hash >>> 0).toString(16)}`
}

/** False for one of our own signatures on a text that it was not made for. Any other signature is taken as good. */
export function isGenuine(text: string, signature: string): boolean {
  return !signature.startsWith(SIGNATURE_LEAD) || signature === signatureOf(text)
}

function isList(value: NonNullable<FakeReply['reasoning']>): value is readonly string[] {
  return Array.isArray(value)
}

/** Throws for a script that a format cannot carry out. */
export function misuse(problem: string): never {
  throw new LlmError('misconfigured', `fake provider: ${problem}`)
}
