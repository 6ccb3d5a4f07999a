import type { Call } from '../core/call.ts'
import { ResponseAccumulator } from '../core/accumulate-response.ts'
import { LlmError } from '../core/error.ts'
import { parseJson } from '../core/json.ts'
import type { ChatResponse } from '../core/response.ts'
import type { ByteSource, HttpResponse, HttpRequest } from '../core/wire.ts'
import { estimateUsage } from '../core/tokens.ts'
import { readBody, retryAfterOf } from '../transport/index.ts'
import type { Endpoint } from './resolve-endpoint.ts'
import { credentialsOrigin, keyOrigin } from './key-origin.ts'
import { redactErrorMessage } from './redact-error-message.ts'
import { AttemptTimeouts } from './attempt-timeouts.ts'

const DEFAULT_FIRST_CONTENT_MS = 300_000
const DEFAULT_IDLE_MS = 60_000
const MOST_ERROR_BYTES = 256 * 1024
const CLOSED = new LlmError('aborted', 'the exchange was closed')
const REQUEST_ID_HEADERS: readonly string[] = [
  'x-request-id',
  'request-id',
  'x-amzn-requestid',
  'x-generation-id',
  'apim-request-id',
  'cf-ray',
]

/** One try on the wire: its own abort signal and clocks, and the words for what went wrong. */
export class Attempt {
  readonly startedAt: number
  readonly timeouts: AttemptTimeouts
  /** The provider's id of the request, once it answered. */
  requestId: string | undefined
  /** Told when the try is ended from outside: by a clock, or by the call. */
  onFail: ((error: LlmError) => void) | undefined
  readonly #call: Call
  readonly #access: Endpoint
  readonly #controller = new AbortController()
  readonly #unlink: () => void
  #body: ByteSource | undefined
  #accepted = false
  // Why the try was ended from outside: what its reader meets then is only a consequence.
  #ended: LlmError | undefined

  constructor(call: Call, access: Endpoint) {
    const { clock, timeouts, stream, scope } = call
    this.#call = call
    this.#access = access
    this.startedAt = clock.now()
    const { headersMs = 0, idleMs = DEFAULT_IDLE_MS } = timeouts
    const { firstContentMs = stream ? DEFAULT_FIRST_CONTENT_MS : 0 } = timeouts
    const expire = (error: LlmError): void => this.#end(error)
    this.timeouts = new AttemptTimeouts({ clock, headersMs, firstContentMs, idleMs, expire })
    this.#unlink = scope.onAbort(expire)
  }

  /** Sends, and resolves to a good reply's head. Rejects with the provider's error. */
  send(request: HttpRequest): Promise<HttpResponse> {
    const { sign } = this.#access
    return sign === undefined ? this.#send(request) : sign(request).then((signed) => this.#send(signed))
  }

  #send(request: HttpRequest): Promise<HttpResponse> {
    const { transport, timeouts } = this.#call
    const { signal } = this.#controller
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      // A mock may ignore the signal: the try must end all the same, and what it answers late is nobody's.
      this.onFail = reject
      const arrive = (answer: HttpResponse): void => {
        if (this.#ended !== undefined) return answer.body.cancel()
        try {
          resolve(this.#accept(answer))
        } catch (error) {
          reject(error)
        }
      }
      transport.send(request, { signal, connectMs: timeouts.connectMs }).then(arrive, reject)
    })
  }

  #accept(answer: HttpResponse): HttpResponse | Promise<never> {
    this.timeouts.headersArrived()
    this.#call.onResponseHead?.(answer)
    this.#body = answer.body
    this.requestId = requestIdOf(answer)
    if (answer.status >= 400) return refused(this.#call, answer)
    this.#accepted = true
    return answer
  }

  /** The try is over and its body was read out: clocks and listeners are released, the connection is kept. */
  release(): void {
    this.timeouts.stop()
    this.#unlink()
  }

  /** Ends the upstream connection, and releases the rest. */
  close(): void {
    this.release()
    this.#body?.cancel()
    this.#controller.abort(CLOSED)
  }

  /** The error with all that is known of this try; the provider's words without secrets and echoes. */
  explain(failure: unknown): LlmError {
    const error = this.#ended ?? failure
    const lead = `the exchange failed: ${String(error)}`
    const known = LlmError.is(error) ? error : new LlmError('network', lead, { cause: error })
    if (known.attempts !== undefined) return known
    const { target, messages, clock, previousAttempts: tried } = this.#call
    const { provider, model } = target
    const said = redactErrorMessage(known.message, messages, this.#access.secrets)
    const { kind, status, code, retryAfterMs, phase, issues, cause } = known
    const message = `${provider} (${model}): ${said}${kind === 'unauthorized' ? this.#refusedKey() : ''}`
    const requestId = known.requestId ?? this.requestId
    const partial = known.partial ?? (this.#accepted ? this.#nothing() : undefined)
    const durationMs = clock.now() - this.startedAt
    const attempts = [...tried, { provider, model, durationMs, error: { kind, message, status } }]
    const details = { provider, model, status, code, requestId, retryAfterMs, phase, issues, cause }
    return new LlmError(kind, message, { ...details, partial, attempts })
  }

  #refusedKey(): string {
    const { secrets, sign } = this.#access
    const origin = sign === undefined ? keyOrigin(this.#call, secrets[0]) : credentialsOrigin(this.#call)
    return origin === undefined ? '' : ` (the key from ${origin} was refused)`
  }

  // What a reply holds that ended before any of it could be read.
  #nothing(): ChatResponse {
    const { target, messages } = this.#call
    const { provider, model, reasoningScope: origin } = target
    return new ResponseAccumulator({ provider, model }, origin).response({
      usage: () => estimateUsage(messages, ''),
    })
  }

  #end(error: LlmError): void {
    this.#ended ??= error
    this.onFail?.(error)
    this.#controller.abort(error)
    this.#body?.cancel()
  }
}

function requestIdOf(answer: HttpResponse): string | undefined {
  for (const name of REQUEST_ID_HEADERS) {
    const id = answer.header(name)
    if (id !== undefined) return id
  }
  return undefined
}

async function refused(call: Call, answer: HttpResponse): Promise<never> {
  const { dialect } = call.target
  const text = await readBody(answer.body, MOST_ERROR_BYTES, true)
  const header = (name: string): string | undefined => answer.header(name)
  // An error of a stream that was refused may be framed as its only event.
  const framed = /^data: *(\{.*\})\r?$/m.exec(text)?.[1] ?? text
  const { kind, message, ...fault } = dialect.fault(answer.status, parseJson(framed) ?? text, header)
  const retryAfterMs = retryAfterOf(header, call.clock.epochMs()) ?? fault.retryAfterMs
  throw new LlmError(kind, message, { ...fault, status: answer.status, retryAfterMs })
}
