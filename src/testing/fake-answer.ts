import { LlmError } from '../core/error.ts'
import type { JsonValue } from '../core/json.ts'
import type { Citation, FinishReason, GeneratedFile, Usage } from '../core/response.ts'
import { estimateTokens } from '../core/tokens.ts'
import type { FakeReasoning, FakeReply, FakeToolCall, ToolDeltas } from './reply.ts'
import type { FakeRequest } from './request.ts'

/** A text, and the deltas in which it is streamed. */
export interface Pieces {
  readonly whole: string
  readonly parts: readonly string[]
}
/** A tool call of an answer. */
export interface AnswerCall {
  readonly id: string | undefined
  readonly name: string
  readonly arguments: JsonValue
  /** The arguments as JSON text. */
  readonly text: Pieces
  readonly signature?: string | undefined
}
/** The reasoning of an answer. */
export interface AnswerReasoning extends Pieces {
  readonly signature: string
  readonly encrypted?: string | undefined
}

/** A scripted reply with all defaults applied, which a wire format renders. */
export interface FakeAnswer {
  /** Unique per answer of one fake; each format adds its prefix. */
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

/** Applies the defaults to a reply. */
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
  // JSON has few spaces to split at.
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
  const visible = callTokens.reduce((sum, tokens) => sum + tokens, estimateTokens(text.whole))
  const inputTokens = given.inputTokens ?? estimateInput(request)
  const outputTokens = given.outputTokens ?? visible + (reasoningTokens ?? 0)
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

/** Splits a text at words, or after that many characters. A list is already split. */
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

/** Returns the fake's own signature of a reasoning text. */
export function signatureOf(text: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return `${SIGNATURE_LEAD}${(hash >>> 0).toString(16)}`
}

/** Whether a signature fits the text. Only the fake's own signatures are verified; any other is accepted. */
export function isGenuine(text: string, signature: string): boolean {
  return !signature.startsWith(SIGNATURE_LEAD) || signature === signatureOf(text)
}

/** Whether a reasoning is given as pieces. */
export function isList(value: NonNullable<FakeReply['reasoning']>): value is readonly string[] {
  return Array.isArray(value)
}

/** Throws `misconfigured` for a script that a format cannot express. */
export function misuse(problem: string): never {
  throw new LlmError('misconfigured', `fake provider: ${problem}`)
}

/** Converts milliseconds to whole seconds, in which OpenAI's formats give times. */
export function seconds(epochMs: number): number {
  return Math.floor(epochMs / 1000)
}
