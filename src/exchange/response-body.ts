import type { Call } from '../core/call.ts'
import type { Fragment } from '../core/dialect.ts'
import { LlmError } from '../core/error.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import type { ByteSource, FrameDecoder, Framing, HttpResponse } from '../core/wire.ts'
import { createFrameDecoder, parseLoosely, readBody } from '../transport/index.ts'
import { timeoutError } from '../core/timeout-error.ts'

/** The body of a successful response: a stream to decode, or the fragments of a whole reply. */
export interface ResponseBody {
  readonly source: ByteSource
  readonly decoder: FrameDecoder | undefined
  readonly whole?: readonly Fragment[] | undefined
}

/**
 * Opens a response by its content type and first bytes, because some servers stream unasked, or reply whole to a stream
 * request. Rejects with `reply-malformed` if the body is neither, such as an HTML page with status 200.
 */
export function openResponseBody(call: Call, response: HttpResponse): ResponseBody | Promise<ResponseBody> {
  const type = response.header('content-type') ?? ''
  const isStream = /event-stream|x-ndjson|vnd\.amazon\.eventstream/.test(type)
  if (isStream && isForeign(type, call.target.dialect.framing)) return openForeign(call, response.body)
  if (isStream) return openStream(call, response.body)
  return call.stream ? openUnknown(call, response) : openWhole(call, response, response.body)
}

function openStream(
  { target, streamLimits: { maxReplyBytes, maxEventBytes = maxReplyBytes } }: Call,
  source: ByteSource,
  framing: Framing = target.dialect.framing,
): ResponseBody | Promise<ResponseBody> {
  const decoder = createFrameDecoder(framing, maxEventBytes)
  return decoder instanceof Promise
    ? decoder.then((made) => ({ source, decoder: made }))
    : { source, decoder }
}

// A proxy in front of the provider may reframe its events in binary.
function isForeign(type: string, framing: Framing): boolean {
  return framing !== 'aws-event-stream' && type.includes('vnd.amazon.eventstream')
}

// A binary message begins with its length in 32 bits, whose first byte is 0 for every real length.
async function openForeign(call: Call, body: ByteSource): Promise<ResponseBody> {
  const source = await peek(body)
  return openStream(call, source, source.first?.[0] === 0 ? 'aws-event-stream' : undefined)
}

async function openUnknown(call: Call, response: HttpResponse): Promise<ResponseBody> {
  const source = await peek(response.body)
  const streamed = looksStreamed(source.first, call.target.dialect.framing)
  return streamed ? openStream(call, source) : openWhole(call, response, source)
}

async function openWhole(call: Call, { status }: HttpResponse, source: ByteSource): Promise<ResponseBody> {
  const text = await readBody(withIdleTimeout(call, source), call.streamLimits.maxReplyBytes)
  const whole = readWhole(call, text)
  if (whole !== undefined) return { source, decoder: undefined, whole }
  const { message } = await call.target.dialect.fault(status, text)
  throw new LlmError('reply-malformed', `the reply is not JSON: ${message.slice(0, 300)}`, { status })
}

/**
 * Rejects a read with `timeout` if a reply that has begun pauses for longer than `idleMs`. Before that, `firstContentMs`
 * applies. Without `idleMs`, only the timeouts of the call apply.
 */
function withIdleTimeout({ clock, timeouts }: Call, source: ByteSource): ByteSource {
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

/** Reads the first piece that is not blank. The returned source delivers it again. */
async function peek(body: ByteSource): Promise<PeekedSource> {
  let first = await body.read()
  while (first !== null && isBlank(first)) first = await body.read()
  let next: Uint8Array | null | undefined = first
  const read = (): Promise<Uint8Array | null> => {
    const buffered = next
    next = undefined
    return buffered === undefined ? body.read() : Promise.resolve(buffered)
  }
  return { first, read, cancel: () => body.cancel() }
}

// Zero is not white space, because a binary stream may begin with it.
function isBlank(piece: Uint8Array): boolean {
  return piece.every((byte) => byte <= 0x20 && byte !== 0)
}

// An event stream begins with a field name or a comment, a whole reply with a bracket, an HTML page with `<`.
function looksStreamed(first: Uint8Array | null, framing: string): boolean {
  if (first === null) return true
  const start = new TextDecoder().decode(first.subarray(0, 64)).trimStart().charAt(0)
  if (start === '<') return false
  return framing === 'ndjson' || (start !== '{' && start !== '[')
}

// `undefined`: the text is not JSON.
function readWhole(call: Call, text: string): readonly Fragment[] | undefined {
  const { dialect, quirks } = call.target
  const json = parseLoosely(text)
  const out: Fragment[] = []
  if (Array.isArray(json)) {
    const reader = dialect.reader(quirks)
    for (const item of json as readonly JsonValue[]) reader.read(item, undefined, out)
    reader.end?.(out)
  } else if (isObject(json)) dialect.parse(json, quirks, out)
  else return undefined
  return out
}
