import type { Call } from '../core/call.ts'
import type { Fragment } from '../core/dialect.ts'
import { LlmError } from '../core/error.ts'
import { isObject, parseJson, type JsonValue } from '../core/json.ts'
import type { ByteSource, FrameDecoder, Framing, HttpResponse } from '../core/wire.ts'
import { createFrameDecoder, readBody } from '../transport/index.ts'
import { timeoutError } from '../core/timeout-error.ts'

/** The body of a good reply: a stream to be decoded, or a whole reply as fragments. */
export interface ResponseBody {
  readonly source: ByteSource
  readonly decoder: FrameDecoder | undefined
  readonly whole?: readonly Fragment[] | undefined
}

/**
 * Opens a reply by what it is, not by what was asked for: some servers answer a stream request with a whole reply, or a
 * plain one with a stream. Throws `reply-malformed` for anything else, such as an HTML page with status 200.
 */
export function openResponseBody(call: Call, answer: HttpResponse): ResponseBody | Promise<ResponseBody> {
  const type = answer.header('content-type') ?? ''
  const told = /event-stream|x-ndjson|vnd\.amazon\.eventstream/.test(type)
  if (told && isForeign(type, call.target.dialect.framing)) return openForeign(call, answer.body)
  if (told) return openStream(call, answer.body)
  return call.stream ? openUntold(call, answer) : openWhole(call, answer, answer.body)
}

function openStream(
  { target, streamLimits }: Call,
  source: ByteSource,
  framing: Framing = target.dialect.framing,
): ResponseBody {
  return { source, decoder: createFrameDecoder(framing, streamLimits.maxEventBytes) }
}

// Another server in front of the format's own may frame its events in binary.
function isForeign(type: string, framing: Framing): boolean {
  return framing !== 'aws-event-stream' && type.includes('vnd.amazon.eventstream')
}

// A binary message begins with its length: a zero, at any length there is.
async function openForeign(call: Call, body: ByteSource): Promise<ResponseBody> {
  const source = await peek(body)
  return openStream(call, source, source.first?.[0] === 0 ? 'aws-event-stream' : undefined)
}

async function openUntold(call: Call, answer: HttpResponse): Promise<ResponseBody> {
  const source = await peek(answer.body)
  const streamed = looksStreamed(source.first, call.target.dialect.framing)
  return streamed ? openStream(call, source) : openWhole(call, answer, source)
}

function openWhole(call: Call, { status }: HttpResponse, source: ByteSource): Promise<ResponseBody> {
  const text = readBody(neverSilent(call, source), call.streamLimits.maxReplyBytes)
  return text.then((all) => ({ source, decoder: undefined, whole: readWhole(call, all, status) }))
}

/**
 * A whole reply that has begun must not fall silent for longer than the `idleMs` that was asked for. Before it begins, the
 * model thinks, and `firstContentMs` counts. Without `idleMs` there is no bound but the call's own.
 */
function neverSilent({ clock, timeouts }: Call, source: ByteSource): ByteSource {
  const { idleMs = 0 } = timeouts
  if (idleMs === 0) return source
  let begun = false
  const begin = (piece: Uint8Array | null): Uint8Array | null => {
    begun ||= piece !== null && !isBlank(piece)
    return piece
  }
  const timed = (): Promise<Uint8Array | null> =>
    new Promise((resolve, reject) => {
      const timer = clock.setTimer(() => reject(timeoutError('idle', idleMs)), idleMs)
      const done = (): void => clock.clearTimer(timer)
      source.read().then(resolve, reject).finally(done)
    })
  return {
    read: () => (begun ? timed() : source.read().then(begin)),
    cancel: () => source.cancel(),
  }
}

interface PeekedSource extends ByteSource {
  readonly first: Uint8Array | null
}

/** Reads the first piece that is not blank, and puts it back. */
async function peek(body: ByteSource): Promise<PeekedSource> {
  let first = await body.read()
  while (first !== null && isBlank(first)) first = await body.read()
  let next: Uint8Array | null | undefined = first
  const read = (): Promise<Uint8Array | null> => {
    const held = next
    next = undefined
    return held === undefined ? body.read() : Promise.resolve(held)
  }
  return { first, read, cancel: () => body.cancel() }
}

// Zero is no white space: a binary stream may begin with it.
function isBlank(piece: Uint8Array): boolean {
  return piece.every((byte) => byte <= 0x20 && byte !== 0)
}

// A stream of events begins with a field name or a comment; a whole reply with a bracket; an HTML page with `<`.
function looksStreamed(first: Uint8Array | null, framing: string): boolean {
  if (first === null) return true
  const start = new TextDecoder().decode(first.subarray(0, 64)).trimStart().charAt(0)
  if (start === '<') return false
  return framing === 'ndjson' || (start !== '{' && start !== '[')
}

function readWhole(call: Call, text: string, status: number): readonly Fragment[] {
  const { dialect, quirks } = call.target
  const json = parseJson(text)
  const out: Fragment[] = []
  if (Array.isArray(json)) {
    const reader = dialect.reader(quirks)
    for (const item of json as readonly JsonValue[]) reader.read(item, undefined, out)
    reader.end?.(out)
  } else if (isObject(json)) dialect.parse(json, quirks, out)
  else
    throw new LlmError(
      'reply-malformed',
      `the reply is no JSON: ${dialect.fault(status, text).message.slice(0, 300)}`,
      { status },
    )
  return out
}
