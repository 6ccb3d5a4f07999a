import type { Call } from '../core/call.ts'
import { ResponseAccumulator } from '../core/accumulate-response.ts'
import { LlmError } from '../core/error.ts'
import type { ChatResponse } from '../core/response.ts'
import type { ByteSource, HttpResponse, HttpRequest } from '../core/wire.ts'
import { estimateCall } from '../core/tokens.ts'
import { parseLoosely, readBody, retryAfterOf } from '../transport/index.ts'
import type { Endpoint } from './resolve-endpoint.ts'
import { credentialsOrigin, keyOrigin } from './key-origin.ts'
import { cleanCause } from './clean-cause.ts'
import { givenSecrets } from './given-secrets.ts'
import { redactErrorMessage } from './redact-error-message.ts'
import { AttemptTimeouts } from './attempt-timeouts.ts'

const DEFAULT_FIRST_CONTENT_MS = 300_000
const DEFAULT_IDLE_MS = 60_000
const MAX_ERROR_BYTES = 256 * 1024
const REQUEST_ID_HEADERS: readonly string[] = [
  'x-request-id',
  'request-id',
  'x-amzn-requestid',
  'x-generation-id',
  'apim-request-id',
  'cf-ray',
]

/** One request to a provider, with its own abort signal and timeouts. */
export class Attempt {
  readonly startedAt: number
  readonly timeouts: AttemptTimeouts
  /** The provider's id of the request; `undefined` until the response headers have arrived. */
  providerRequestId: string | undefined
  /** The caller's id of the request. */
  readonly requestId: string
  /** Called when a timeout or the end of the call ends the attempt, with that error. */
  onFail: ((error: LlmError) => void) | undefined
  readonly #call: Call
  readonly #endpoint: Endpoint
  readonly #controller = new AbortController()
  readonly #unlink: () => void
  #body: ByteSource | undefined
  #accepted = false
  // The timeout or abort that ended the attempt. The read error that follows from it is not reported.
  #ended: LlmError | undefined

  constructor(call: Call, endpoint: Endpoint) {
    const { clock, timeouts, stream, scope } = call
    this.#call = call
    this.requestId = call.requestId
    this.#endpoint = endpoint
    this.startedAt = clock.now()
    const { headersMs = 0, idleMs = DEFAULT_IDLE_MS } = timeouts
    const { firstContentMs = stream ? DEFAULT_FIRST_CONTENT_MS : 0 } = timeouts
    const expire = (error: LlmError): void => this.#end(error)
    this.timeouts = new AttemptTimeouts({ clock, headersMs, firstContentMs, idleMs, expire })
    this.#unlink = scope.onAbort(expire)
  }

  /** Sends a request. Resolves when the headers of a successful response arrive. Rejects with the error of the provider or the network. */
  send(request: HttpRequest): Promise<HttpResponse> {
    const { sign } = this.#endpoint
    return sign === undefined ? this.#send(request) : sign(request).then((signed) => this.#send(signed))
  }

  #send(request: HttpRequest): Promise<HttpResponse> {
    const { transport, timeouts } = this.#call
    const { signal } = this.#controller
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      // A transport may ignore the signal. The attempt must end anyway, and a late response is cancelled.
      this.onFail = reject
      const arrive = (response: HttpResponse): void => {
        if (this.#ended !== undefined) return response.body.cancel()
        try {
          resolve(this.#accept(response))
        } catch (error) {
          reject(error)
        }
      }
      transport.send(request, { signal, connectMs: timeouts.connectMs }).then(arrive, reject)
    })
  }

  #accept(response: HttpResponse): HttpResponse | Promise<never> {
    this.timeouts.headersArrived()
    this.#call.onResponseHead?.(response)
    this.#body = response.body
    this.providerRequestId = requestIdOf(response)
    if (response.status >= 400) return rejectWithFault(this.#call, response)
    this.#accepted = true
    return response
  }

  /** Ends an attempt whose body was read to its end: releases timers and listeners, and keeps the connection. */
  release(): void {
    this.timeouts.stop()
    this.#unlink()
  }

  /** Aborts the attempt: closes its connection and releases timers and listeners. */
  close(): void {
    this.release()
    this.#body?.cancel()
    this.#controller.abort(new LlmError('aborted', 'the attempt was closed'))
  }

  /** Returns `failure` as an `LlmError` with target, request id and attempts. Its message contains no key and no text of the request. */
  explain(failure: unknown): LlmError {
    const error = this.#ended ?? failure
    const lead = `the attempt failed: ${String(error)}`
    const known = LlmError.is(error) ? error : new LlmError('network', lead, { cause: error })
    if (known.attempts !== undefined) return known
    const { target, messages, clock, previousAttempts, requestId } = this.#call
    const { provider, model } = target
    const secrets = givenSecrets(this.#endpoint)
    const said = redactErrorMessage(known.message, messages, secrets)
    const { kind, status, code, retryAfterMs, phase, issues } = known
    const cause = cleanCause(known.cause, secrets)
    // A reason of the caller's own, such as the end of its access, says nothing about the provider or its key.
    const isOwn = error === this.#ended && !known.phase && kind !== 'aborted'
    const message = isOwn
      ? said
      : `${provider} (${model}): ${said}${kind === 'unauthorized' ? this.#refusedKey() : ''}`
    const providerRequestId = known.providerRequestId ?? this.providerRequestId
    const partial = known.partial ?? this.#emptyResponse(isOwn || kind === 'aborted')
    const durationMs = clock.now() - this.startedAt
    const attempts = [...previousAttempts, { provider, model, durationMs, error: { kind, message, status } }]
    const ids = { provider, model, requestId, providerRequestId }
    const details = { ...ids, status, code, retryAfterMs, phase, issues, cause }
    return new LlmError(kind, message, { ...details, partial, attempts })
  }

  #refusedKey(): string {
    const { secrets, sign } = this.#endpoint
    const origin = sign === undefined ? keyOrigin(this.#call, secrets[0]) : credentialsOrigin(this.#call)
    return origin === undefined ? '' : ` (the key from ${origin} was refused)`
  }

  // The partial response of an attempt that ended before its body could be read. An aborted call has caused its input;
  // a provider that failed is owed nothing.
  #emptyResponse(left: boolean): ChatResponse | undefined {
    if (!left && !this.#accepted) return undefined
    const { provider, model, reasoningScope } = this.#call.target
    const usage = left ? () => estimateCall(this.#call, '') : undefined
    return new ResponseAccumulator({ provider, model }, reasoningScope).response({ usage })
  }

  #end(error: LlmError): void {
    this.#ended ??= error
    this.onFail?.(error)
    this.#controller.abort(error)
    this.#body?.cancel()
  }
}

function requestIdOf(response: HttpResponse): string | undefined {
  for (const name of REQUEST_ID_HEADERS) {
    const id = response.header(name)
    if (id !== undefined) return id
  }
  return undefined
}

// The proxy in between asks for its own login. The provider, and its key, are not concerned.
function proxyRefusal({ status, body }: HttpResponse): LlmError {
  body.cancel()
  const message = `the proxy requires a login (status ${status}): put user name and password into the proxy's URL`
  return new LlmError('network', message, { status })
}

async function rejectWithFault(call: Call, response: HttpResponse): Promise<never> {
  const { dialect } = call.target
  if (response.status === 407) throw proxyRefusal(response)
  const text = await readBody(response.body, MAX_ERROR_BYTES, true)
  const header = (name: string): string | undefined => response.header(name)
  // The provider may frame the error of a rejected stream as its only event.
  const framed = /^data: *(\{.*\})\r?$/m.exec(text)?.[1] ?? text
  const { kind, message, ...fault } = await dialect.fault(
    response.status,
    parseLoosely(framed) ?? text,
    header,
  )
  const retryAfterMs = retryAfterOf(header, call.clock.epochMs()) ?? fault.retryAfterMs
  throw new LlmError(kind, message, { ...fault, status: response.status, retryAfterMs })
}
