import type { Call } from '../core/call.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import { isObject, mergeInto, parseJson, type JsonDraft, type JsonValue } from '../core/json.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt as Tried, ChatResponse, Usage } from '../core/response.ts'
import { ResponseAccumulator } from '../core/accumulate-response.ts'
import { readBody } from '../transport/index.ts'
import { resolveEndpoint } from './resolve-endpoint.ts'
import { urlOf } from './resolve-endpoint.ts'
import { Attempt } from './attempt.ts'

/** A plain request and how its reply is read. */
export interface JsonRequest<T> {
  readonly method: 'POST' | 'GET'
  /** Path and query after the base URL. */
  readonly endpoint: string
  readonly body?: JsonDraft | undefined
  read(reply: JsonValue): T
  usage?(value: T): Usage | undefined
}

/** An answer that is a value, not a conversation: complete at its commit point. */
export class JsonResult<T> implements ResponseStream {
  readonly provider: string
  readonly model: string
  readonly attempts: readonly Tried[]
  readonly value: T
  readonly #usage: Usage | undefined

  constructor(
    call: Call,
    value: T,
    { usage, attempts }: { usage: Usage | undefined; attempts: readonly Tried[] },
  ) {
    this.provider = call.target.provider
    this.model = call.target.model
    this.attempts = attempts
    this.value = value
    this.#usage = usage
  }

  read(): Promise<null> {
    return Promise.resolve(null)
  }

  cancel(): void {
    // It is complete already.
  }

  onEnd(action: () => void): void {
    action()
  }

  usage(): Usage {
    return this.#usage ?? { inputTokens: 0, outputTokens: 0, totalTokens: 0, estimated: true }
  }

  snapshot(attempts?: readonly Tried[]): ChatResponse {
    const { provider, model } = this
    return new ResponseAccumulator({ provider, model }, '').response({ usage: () => this.usage(), attempts })
  }
}

/** One try of a plain request. Rejects with the provider's error, or `reply-malformed` for a reply that cannot be read. */
export async function requestJson<T>(call: Call, request: JsonRequest<T>): Promise<JsonResult<T>> {
  const access = await resolveEndpoint(call)
  const body = request.body === undefined ? undefined : { ...request.body }
  if (body !== undefined && call.extraBody !== undefined) mergeInto(body, call.extraBody)
  const attempt = new Attempt(call, access)
  try {
    const { method, endpoint } = request
    const sent = {
      url: urlOf(call, access.baseUrl, endpoint),
      method,
      headers: access.headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    }
    const answer = await attempt.send(sent)
    const value = readValue(call, request, await readBody(answer.body, call.streamLimits.maxReplyBytes))
    attempt.release()
    const { provider, model } = call.target
    const durationMs = call.clock.now() - attempt.startedAt
    const attempts = [...call.previousAttempts, { provider, model, durationMs }]
    return new JsonResult(call, value, { usage: request.usage?.(value), attempts })
  } catch (error) {
    attempt.close()
    throw attempt.explain(error)
  }
}

function readValue<T>(call: Call, request: JsonRequest<T>, text: string): T {
  const json = parseJson(text)
  if (json === undefined) {
    const { message } = call.target.dialect.fault(undefined, text)
    throw new LlmError('reply-malformed', `the reply is no JSON: ${message.slice(0, 300)}`)
  }
  if (isObject(json) && json['error'] !== undefined && json['error'] !== null) {
    const { kind, message, ...details } = call.target.dialect.fault(undefined, json)
    throw new LlmError(kind, message, details)
  }
  try {
    return request.read(json)
  } catch (error) {
    throw toLlmError(error, 'reply-malformed', 'the reply could not be read')
  }
}
