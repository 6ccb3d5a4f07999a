import type { Call } from '../core/call.ts'
import type { Remedy } from '../core/dialect.ts'
import { LlmError } from '../core/error.ts'
import { wellFormedJson } from '../core/fit/well-formed.ts'
import type { JsonDraft } from '../core/json.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { HttpRequest } from '../core/wire.ts'
import { resolveEndpoint, type Endpoint } from './resolve-endpoint.ts'
import { Attempt } from './attempt.ts'
import { renderRequest, withFunctions, type RenderedRequest } from './render-request.ts'
import { openResponseBody } from './response-body.ts'
import { recordRaw } from './raw-exchange.ts'
import { HttpResponseStream } from './http-response-stream.ts'

/** Makes one attempt of a chat call. Resolves when the first content has arrived. Rejects with the error that came before it. */
export async function exchangeChat(asked: Call): Promise<ResponseStream> {
  const whole = asked.stream && asked.target.capabilities.streams === false ? wholeCall(asked) : asked
  const ready = withFunctions(whole)
  const call = ready instanceof Promise ? await ready : ready
  const reply = await exchangeOnce(call)
  return call.target.dialect.follow?.(call, reply, exchangeOnce) ?? reply
}

async function exchangeOnce(call: Call): Promise<HttpResponseStream> {
  const rendered = renderRequest(call)
  const { remedy } = call.target.dialect
  if (remedy === undefined) return send(call, rendered)
  const mark = remedy.mark(rendered.body)
  if (mark === undefined) return send(call, rendered)
  const known = call.prepared?.remedied
  if (known?.has(mark) === true) return send(call, remedied(remedy, call, rendered) ?? rendered)
  const refused = (error: unknown): Promise<HttpResponseStream> => {
    const changed = LlmError.is(error) && remedy.fits(error) ? remedied(remedy, call, rendered) : undefined
    if (changed === undefined) throw error
    if (known !== undefined) remember(known, mark)
    const { attempts: previousAttempts = call.previousAttempts } = error as LlmError
    return send({ ...call, previousAttempts }, changed)
  }
  return send(call, rendered).catch(refused)
}

const MAX_REMEDIED = 1_000

function remember(marks: Set<string>, mark: string): void {
  if (marks.size >= MAX_REMEDIED) marks.clear()
  marks.add(mark)
}

function remedied(remedy: Remedy, { target }: Call, rendered: RenderedRequest): RenderedRequest | undefined {
  const more = remedy.apply(rendered.body, target.quirks)
  if (more === undefined) return undefined
  const { warnings } = rendered
  return {
    ...rendered,
    headers: joinHeaders(rendered.headers ?? {}, more),
    warnings: [...warnings, { type: 'other', message: remedy.warning }],
  }
}

async function send(
  call: Call,
  { body, headers, ...rendered }: RenderedRequest,
): Promise<HttpResponseStream> {
  const found = resolveEndpoint(call)
  // Awaited only if it is a promise, because most keys are known without one.
  const endpoint = found instanceof Promise ? await found : found
  const attempt = new Attempt(call, endpoint)
  try {
    const request = requestOf(endpoint, body, headers)
    const reading = call.target.dialect.load?.()
    const sent = attempt.send(request)
    const given = reading instanceof Promise ? (await Promise.all([sent, reading]))[0] : await sent
    const recorded =
      call.include?.includes('raw') === true ? recordRaw(request, given, endpoint.secrets) : undefined
    const opened = await openResponseBody(call, recorded?.response ?? given)
    const raw = recorded?.raw
    const reply = new HttpResponseStream({ call, attempt, ...rendered, body: opened, raw })
    attempt.onFail = failureHandler(reply)
    if (!reply.committed) await reply.commit()
    return reply
  } catch (error) {
    attempt.close()
    throw attempt.explain(error)
  }
}

function wholeCall(call: Call): Call {
  const message = `the reply of ${call.target.model} comes in one piece: the model does not stream`
  return { ...call, stream: false, warnings: [...(call.warnings ?? []), { type: 'unsupported', message }] }
}

// Defined outside the exchange, because a closure there would keep the whole request in memory while the response streams.
function failureHandler(reply: HttpResponseStream): (error: LlmError) => void {
  return (error) => reply.fail(error)
}

function requestOf(
  { chatUrl, headers }: Endpoint,
  body: JsonDraft,
  more: RenderedRequest['headers'],
): HttpRequest {
  const all = more === undefined ? headers : joinHeaders(headers, more)
  return { url: chatUrl, method: 'POST', headers: all, body: wellFormedJson(JSON.stringify(body)) }
}

type Headers = Readonly<Record<string, string>>

// A header of a list, such as of features, may come from both.
function joinHeaders(known: Headers, more: Headers): Headers {
  const headers: Record<string, string> = { ...known }
  for (const name in more)
    headers[name] = headers[name] === undefined ? (more[name] as string) : `${headers[name]},${more[name]}`
  return headers
}
