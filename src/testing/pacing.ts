import { composeAnswer } from './fake-answer.ts'
import type { Chaos } from './chaos.ts'
import { disturb, type Course } from './disturb.ts'
import type { WireError } from './fake-error.ts'
import type { FakeReply } from './reply.ts'
import type { FakeRequest } from './request.ts'
import type { Step } from './steps.ts'
import type { FakeWire, FakeFrame } from './wires/index.ts'

/** A request with its scripted reply. */
export interface Exchange {
  readonly wire: FakeWire
  readonly request: FakeRequest
  readonly reply: FakeReply
  readonly requestId: string
  readonly epochMs: number
}

/** Returns the steps that send a reply. Throws `misconfigured` for a reply that the format cannot express. */
export function planReply(exchange: Exchange): Iterable<Step> {
  const { wire, request, reply, requestId } = exchange
  const { chaos, error, packetBytes } = reply
  if (chaos?.type === 'html') return planPage(chaos, reply)
  if (error !== undefined) return planError(wire.describe(error), { wire, requestId, reply })
  const answer = composeAnswer(reply, request, exchange.epochMs)
  const frames = request.stream ? wire.stream(answer, request) : wholeFrames(wire.whole(answer, request))
  const steps = playFrames(frames, exchange)
  return packetBytes === undefined ? steps : cutSends(steps, packetBytes)
}

interface ErrorContext {
  readonly wire: FakeWire
  readonly requestId: string
  readonly reply?: FakeReply | undefined
}

/** Returns the steps that send an error. */
export function* planError(error: WireError, { wire, requestId, reply }: ErrorContext): Generator<Step> {
  const { status, headers, body } = wire.error(error, requestId)
  const firstMs = reply?.pacing?.firstMs ?? 0
  if (firstMs > 0) yield { type: 'wait', ms: firstMs }
  yield {
    type: 'head',
    status,
    headers: { 'content-type': 'application/json', ...headers, ...reply?.headers },
  }
  yield { type: 'send', data: JSON.stringify(body) }
  yield { type: 'end' }
}

/** Returns the steps that send plain JSON, such as the list of models. */
export function* planJson(json: unknown): Generator<Step> {
  yield { type: 'head', status: 200, headers: { 'content-type': 'application/json' } }
  yield { type: 'send', data: JSON.stringify(json) }
  yield { type: 'end' }
}

function* planPage(
  { status = 200 }: Extract<Chaos, { type: 'html' }>,
  { headers }: FakeReply,
): Generator<Step> {
  yield { type: 'head', status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers } }
  yield {
    type: 'send',
    data: '<!doctype html><html><head><title>Gateway</title></head><body>No.</body></html>',
  }
  yield { type: 'end' }
}

function* playFrames(frames: readonly FakeFrame[], exchange: Exchange): Generator<Step> {
  const { request, reply } = exchange
  const { firstMs = 0, betweenMs = 0 } = reply.pacing ?? {}
  const course = courseOf(frames, exchange)
  if (!request.stream && firstMs > 0) yield { type: 'wait', ms: firstMs }
  if (isHeadless(reply.chaos)) {
    // Without headers there is no body, so no pings either.
    for (const step of course.ending) yield step.type === 'hang' ? { type: 'hang' } : step
    return
  }
  yield { type: 'head', status: 200, headers: headersOf(exchange) }
  let waitMs = request.stream ? firstMs : 0
  for (const frame of course.frames) {
    if (frame.place === 'content') {
      if (waitMs > 0) yield { type: 'wait', ms: waitMs }
      waitMs = request.stream ? betweenMs : 0
    }
    yield { type: 'send', data: frame.wrap(frame.data) }
  }
  yield* course.ending
}

function isHeadless(chaos: Chaos | undefined): boolean {
  return chaos !== undefined && 'at' in chaos && chaos.at === 'headers' && chaos.type !== 'error'
}

// A whole reply is one JSON text: an error replaces it, and `malformed` cuts it.
function courseOf(frames: readonly FakeFrame[], { wire, request, reply }: Exchange): Course {
  const { chaos } = reply
  if (!request.stream && chaos?.type === 'error')
    return { frames: wholeFrames(wire.error(wire.describe(chaos.error), '').body), ending: END }
  if (!request.stream && chaos?.type === 'malformed')
    return disturb(frames, { type: 'cut', at: chaos.at, inside: true }, wire)
  return disturb(frames, chaos, wire)
}

const END: readonly Step[] = [{ type: 'end' }]

function headersOf({ wire, request, reply, requestId }: Exchange): Record<string, string> {
  const idHeader = wire.requestIdHeader === undefined ? undefined : { [wire.requestIdHeader]: requestId }
  const type = request.stream ? wire.streamType(request) : 'application/json'
  return { 'content-type': type, 'cache-control': 'no-cache', ...idHeader, ...reply.headers }
}

// A whole reply is sent in four parts, so that faults have places to occur at.
function wholeFrames(json: unknown): FakeFrame[] {
  // Split by characters, because half of a surrogate pair cannot be encoded alone.
  const text = Array.from(JSON.stringify(json))
  const quarter = Math.ceil(text.length / 4)
  return ([0, 1, 2, 3] as const).map((part) => ({
    place: part === 3 ? 'finish' : 'content',
    data: text.slice(part * quarter, (part + 1) * quarter).join(''),
    wrap: (data) => data,
  }))
}

function* cutSends(steps: Iterable<Step>, packetBytes: number): Generator<Step> {
  for (const step of steps) {
    if (step.type !== 'send') {
      yield step
      continue
    }
    const bytes = typeof step.data === 'string' ? new TextEncoder().encode(step.data) : step.data
    for (let at = 0; at < bytes.length; at += packetBytes) {
      yield { type: 'send', data: bytes.subarray(at, at + packetBytes) }
      yield { type: 'wait', ms: 0 }
    }
  }
}
