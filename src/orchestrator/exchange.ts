import type { Call } from '../core/call.ts'
import { Collector } from '../core/collect.ts'
import { LlmError } from '../core/error.ts'
import { mergeInto, parseJson, type JsonDraft } from '../core/json.ts'
import { applyParams, judgeWarnings } from '../core/params.ts'
import type { ChatResponse, Warning } from '../core/response.ts'
import type { Secret } from '../core/secret.ts'
import type { ByteSource, WireReply as WireAnswer, WireRequest } from '../core/wire.ts'
import { estimateUsage } from '../observability/index.ts'
import { readBody, retryAfterOf } from '../transport/index.ts'
import { resolveAccess } from './access.ts'
import { openBody } from './body.ts'
import { cleanWords } from './clean-words.ts'
import { WireReply } from './reply.ts'
import { AttemptWatch } from './watch.ts'

const MOST_ERROR_BYTES = 256 * 1024

/** One try of one target: renders, sends, and reads to the commit point. Rejects with what went wrong before it. */
export async function exchange(call: Call): Promise<WireReply> {
  const { request, warnings, key } = await prepare(call)
  const attempt = new Attempt(call, key)
  try {
    const reply = await attempt.run(request, warnings)
    await reply.commit()
    return reply
  } catch (error) {
    attempt.close()
    throw attempt.explain(call.scope.error ?? error)
  }
}

/** A call as a wire request. Throws before anything is sent: a missing key, a setting refused by `onUnsupported: 'error'`. */
export async function prepare(
  call: Call,
): Promise<{ request: WireRequest; warnings: readonly Warning[]; key: Secret | undefined }> {
  const { target, settings, messages, stream } = call
  const { dialect, model, quirks } = target
  const body: JsonDraft = {}
  const warnings = applyParams(settings, { ...target, encode: dialect.encode }, body)
  dialect.render({ model, messages, settings, stream, quirks, warnings }, body)
  const kept = judgeWarnings(warnings, call.onUnsupported, target)
  if (call.extraBody !== undefined) mergeInto(body, call.extraBody)
  const { baseUrl, headers, key } = await resolveAccess(call)
  const url = baseUrl + dialect.endpoint({ model, stream, quirks })
  return { request: { url, method: 'POST', headers, body: JSON.stringify(body) }, warnings: kept, key }
}

/** One try on the wire: its own abort signal and clocks, and the words for what went wrong. */
class Attempt {
  readonly #call: Call
  readonly #key: Secret | undefined
  readonly #controller = new AbortController()
  readonly #startedAt: number
  readonly #watch: AttemptWatch
  readonly #unlink: () => void
  #body: ByteSource | undefined
  #reply: WireReply | undefined
  #requestId: string | undefined
  #accepted = false

  constructor(call: Call, key: Secret | undefined) {
    const { clock, timeouts, stream, scope } = call
    this.#call = call
    this.#key = key
    this.#startedAt = clock.now()
    const {
      headersMs = 0,
      firstContentMs = stream ? DEFAULT_FIRST_CONTENT_MS : 0,
      idleMs = DEFAULT_IDLE_MS,
    } = timeouts
    this.#watch = new AttemptWatch({
      clock,
      headersMs,
      firstContentMs,
      idleMs,
      expire: (error) => this.#end(error),
    })
    this.#unlink = scope.onAbort((error) => this.#end(error))
  }

  async run(request: WireRequest, warnings: readonly Warning[]): Promise<WireReply> {
    const { signal } = this.#controller
    const answer = await this.#call.transport.send(request, {
      signal,
      connectMs: this.#call.timeouts.connectMs,
    })
    this.#watch.headers()
    this.#body = answer.body
    this.#requestId = requestIdOf(answer)
    if (answer.status >= 400) throw await readError(this.#call, answer)
    this.#accepted = true
    const opened = await openBody(this.#call, answer).finally(() => signal.throwIfAborted())
    const close = (): void => this.close()
    const explain = (error: LlmError): LlmError => this.explain(error)
    const parts = {
      call: this.#call,
      ...opened,
      watch: this.#watch,
      warnings,
      close,
      explain,
      requestId: this.#requestId,
      startedAt: this.#startedAt,
    }
    this.#reply = new WireReply(parts)
    return this.#reply
  }

  /** Ends the upstream connection and releases clocks and listeners. */
  close(): void {
    this.#watch.stop()
    this.#unlink()
    this.#body?.cancel()
    this.#controller.abort(CLOSED)
  }

  /** The error with all that is known of this try; the provider's words without secrets and echoes. */
  explain(error: unknown): LlmError {
    const known = LlmError.is(error)
      ? error
      : new LlmError('network', `the exchange failed: ${String(error)}`, { cause: error })
    if (known.attempts !== undefined) return known
    const { provider, model } = this.#call.target
    const words = cleanWords(known.message, this.#call.messages, this.#key)
    const message = `${provider} (${model}): ${words}`
    const { kind, status, code, retryAfterMs, phase, issues, cause } = known
    const partial = known.partial ?? (this.#accepted ? this.#nothing() : undefined)
    const tried = {
      provider,
      model,
      durationMs: this.#call.clock.now() - this.#startedAt,
      error: { kind, message, status },
    }
    const details = {
      status,
      code,
      retryAfterMs,
      phase,
      issues,
      cause,
      partial,
      requestId: known.requestId ?? this.#requestId,
    }
    return new LlmError(kind, message, { ...details, provider, model, attempts: [tried] })
  }

  // What a reply holds that ended before any of it could be read.
  #nothing(): ChatResponse {
    const { target, messages } = this.#call
    return new Collector({ provider: target.provider, model: target.model }, target.dialect.id).response(() =>
      estimateUsage(messages, ''),
    )
  }

  #end(error: LlmError): void {
    this.#reply?.fail(error)
    this.#controller.abort(error)
    this.#body?.cancel()
  }
}

const DEFAULT_FIRST_CONTENT_MS = 120_000
const DEFAULT_IDLE_MS = 60_000
const CLOSED = new LlmError('aborted', 'the exchange was closed')
const REQUEST_ID_HEADERS = [
  'x-request-id',
  'request-id',
  'x-amzn-requestid',
  'x-generation-id',
  'apim-request-id',
  'cf-ray',
]

function requestIdOf(answer: WireAnswer): string | undefined {
  for (const name of REQUEST_ID_HEADERS) {
    const id = answer.header(name)
    if (id !== undefined) return id
  }
  return undefined
}

async function readError(call: Call, answer: WireAnswer): Promise<LlmError> {
  const { dialect } = call.target
  const text = await readBody(answer.body, MOST_ERROR_BYTES, true)
  const { kind, message, ...fault } = dialect.fault(answer.status, parseJson(text) ?? text)
  const retryAfterMs = retryAfterOf((name) => answer.header(name), call.clock.epochMs()) ?? fault.retryAfterMs
  return new LlmError(kind, message, { ...fault, status: answer.status, retryAfterMs })
}
