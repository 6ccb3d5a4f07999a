import type { Call } from '../core/call.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import { wellFormedJson } from '../core/fit/well-formed.ts'
import { isObject, mergeInto, parseJson, type JsonDraft, type JsonValue } from '../core/json.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt as AttemptRecord, ChatResponse, Usage } from '../core/response.ts'
import { ResponseAccumulator } from '../core/accumulate-response.ts'
import { readBody } from '../transport/index.ts'
import { resolveEndpoint, urlOf } from './resolve-endpoint.ts'
import { Attempt } from './attempt.ts'

/** A request that is not streamed, and the function that reads its JSON reply. */
export interface JsonRequest<T> {
  readonly method: 'POST' | 'GET'
  /** Path and query after the base URL. */
  readonly endpoint: string
  readonly body?: JsonDraft | undefined
  /** Converts the reply. Throws if the reply is not valid. */
  read(reply: JsonValue): T
  /** Returns the usage of a result; `undefined` if the provider reported none. */
  usage?(value: T): Usage | undefined
}

/** The result of an operation other than chat. It is complete at once, and delivers no events. */
export class JsonResult<T> implements ResponseStream {
  readonly provider: string
  readonly model: string
  readonly attempts: readonly AttemptRecord[]
  readonly value: T
  readonly #usage: Usage | undefined

  constructor(
    call: Call,
    value: T,
    { usage, attempts }: { usage: Usage | undefined; attempts: readonly AttemptRecord[] },
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
    // There is nothing to cancel, because the result is complete.
  }

  onEnd(action: () => void): void {
    action()
  }

  usage(): Usage {
    return this.#usage ?? { inputTokens: 0, outputTokens: 0, totalTokens: 0, estimated: true }
  }

  snapshot(attempts?: readonly AttemptRecord[]): ChatResponse {
    const { provider, model } = this
    return new ResponseAccumulator({ provider, model }, '').response({ usage: () => this.usage(), attempts })
  }
}

/** Makes one attempt of a JSON request. Rejects with the provider's error, or with `reply-malformed` if the reply is not valid. */
export async function requestJson<T>(call: Call, request: JsonRequest<T>): Promise<JsonResult<T>> {
  const target = await resolveEndpoint(call)
  const body = request.body === undefined ? undefined : { ...request.body }
  if (body !== undefined && call.extraBody !== undefined) mergeInto(body, call.extraBody)
  const attempt = new Attempt(call, target)
  try {
    const { method, endpoint } = request
    const sent = {
      url: urlOf(call, target.baseUrl, endpoint),
      method,
      headers: target.headers,
      body: body === undefined ? undefined : wellFormedJson(JSON.stringify(body)),
    }
    const response = await attempt.send(sent)
    const text = await readBody(response.body, call.streamLimits.maxReplyBytes)
    const value = await readValue(call, request, text)
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

async function readValue<T>(call: Call, request: JsonRequest<T>, text: string): Promise<T> {
  const json = parseJson(text)
  if (json === undefined) {
    const { message } = await call.target.dialect.fault(undefined, text)
    throw new LlmError('reply-malformed', `the reply is not JSON: ${message.slice(0, 300)}`)
  }
  if (isObject(json) && json['error'] !== undefined && json['error'] !== null) {
    const { kind, message, ...details } = await call.target.dialect.fault(undefined, json)
    throw new LlmError(kind, message, details)
  }
  try {
    return request.read(json)
  } catch (error) {
    throw toLlmError(error, 'reply-malformed', 'the reply is not valid')
  }
}
