import { systemClock, type Clock } from '../core/clock.ts'
import { clockField } from '../core/common-fields.ts'
import { LlmError } from '../core/error.ts'
import { isObject, parseJson, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Rows } from '../core/options.ts'
import { flag, listOf, nonEmptyText, oneOf, secretKind } from '../core/schema.ts'
import { FakeHttpError, type FakeError } from './fake-error.ts'
import { record, type FakeRequestLog, type Recorder } from './request-log.ts'
import { planError, planJson, planReply } from './pacing.ts'
import { createPromptCache, type CachedUsage, type PromptCache } from './prompt-cache.ts'
import type { FakeReply } from './reply.ts'
import { completeRequest, type FakeRequest } from './request.ts'
import { playScript, type FakeScript, type ScriptPlayer } from './script.ts'
import type { Step } from './steps.ts'
import { createThoughtBinding, type ThoughtBinding } from './thought-binding.ts'
import { wires, type Asked, type FakeWire, type RequestHead } from './wires/index.ts'

/** Options of every fake beside its script. */
export interface FakeOptions {
  /** Accepted API keys. Default: any non-empty key. A request without a key is rejected. */
  readonly keys?: readonly string[] | undefined
  /** Model ids in the list of models. Default `fake-model`. A call may name any model. */
  readonly models?: readonly string[] | undefined
  /**
   * What happens to a body field that the vendor does not know: `refuse` rejects the request, as the vendor does; `ignore`
   * skips the field, as some compatible servers do. Default `refuse`.
   */
  readonly unknownFields?: 'refuse' | 'ignore' | undefined
  /**
   * Whether usage reports what the vendor's prompt cache would read and write, by the documented rules of Anthropic,
   * Bedrock, OpenAI and Gemini. Tokens are then 4 characters each. Default false.
   */
  readonly promptCache?: boolean | undefined
  /**
   * Whether Claude's reasoning is bound to the messages before it, as with the newest models: a changed history is refused
   * with a 400. Default false.
   */
  readonly thoughtBinding?: boolean | undefined
  /** Clock of the waits and of the log. Default: the system clock. */
  readonly clock?: Clock | undefined
}

/** The fields of {@link FakeOptions}. */
export const fakeRows = (): Rows<FakeOptions> => ({
  keys: listOf(secretKind('a key of at least one character', nonEmptyText.fits)),
  models: listOf(nonEmptyText),
  unknownFields: oneOf('refuse', 'ignore'),
  promptCache: flag,
  thoughtBinding: flag,
  clock: clockField,
})

/** A request as received. */
export interface Incoming {
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** Headers by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The steps that answer a request, and the recorder of its log entry. */
export interface PlannedResponse {
  readonly steps: Iterable<Step>
  readonly recorder: Recorder
}

/** A fake provider without a connection: returns the steps that answer a request. */
export interface Responder {
  readonly log: readonly FakeRequestLog[]
  readonly clock: Clock
  /** Whether any wire format has such a request. */
  knows(incoming: Pick<Incoming, 'method' | 'path' | 'headers'>): boolean
  answer(incoming: Incoming): Promise<PlannedResponse>
}

export function createResponder(script: FakeScript, options: FakeOptions = {}): Responder {
  return new ScriptedResponder(playScript(script), options)
}

class ScriptedResponder implements Responder {
  readonly log: FakeRequestLog[] = []
  readonly clock: Clock
  readonly #player: ScriptPlayer
  readonly #options: FakeOptions
  readonly #cache: PromptCache | undefined
  readonly #binding: ThoughtBinding | undefined
  #accepted = 0

  constructor(player: ScriptPlayer, options: FakeOptions) {
    this.#player = player
    this.#options = options
    this.clock = options.clock ?? systemClock
    this.#cache = options.promptCache === true ? createPromptCache(this.clock) : undefined
    this.#binding = options.thoughtBinding === true ? createThoughtBinding() : undefined
  }

  knows(incoming: Pick<Incoming, 'method' | 'path' | 'headers'>): boolean {
    return findWire(headOf(incoming))?.asked !== undefined
  }

  async answer(incoming: Incoming): Promise<PlannedResponse> {
    const { body: text, ...line } = incoming
    const body = text === '' ? undefined : (parseJson(text) ?? text)
    const recorder = record(this.log, { ...line, body }, this.clock)
    const requestId = `req_fake${this.log.length}`
    const head = headOf(incoming)
    const { wire, asked } = findWire(head) ?? { wire: fallbackWire(head) }
    try {
      if (asked === undefined)
        throw new FakeHttpError({ status: 404, message: `there is no endpoint ${line.method} ${head.path}` })
      this.#checkKey(wire, head)
      if (asked === 'models') return { recorder, steps: planJson(this.#models(wire)) }
      if (asked === 'embeddings') return { recorder, steps: planJson(wire.embeddings?.(objectIn(body))) }
      const request = this.#read(wire, head, { ...incoming, json: body })
      recorder.accepted(request)
      const reply = await this.#replyTo(request)
      const steps = planReply({ wire, request, reply, requestId, epochMs: this.clock.epochMs() })
      return { recorder, steps }
    } catch (error) {
      const refused = wire.describe(errorOf(error))
      recorder.refused(refused.message)
      return { recorder, steps: planError(refused, { wire, requestId }) }
    }
  }

  async #replyTo(request: FakeRequest): Promise<FakeReply> {
    const sign = this.#binding?.(request)
    const cached = this.#cache?.(request)
    const reply = withCached(await this.#player.next(request), cached)
    return sign?.(reply) ?? reply
  }

  #checkKey(wire: FakeWire, head: RequestHead): void {
    const key = wire.keyOf(head)
    const { keys } = this.#options
    if (key === undefined || key === '') throw new FakeHttpError(wire.keyErrors.missing)
    if (keys !== undefined && !keys.includes(key)) throw new FakeHttpError(wire.keyErrors.wrong)
  }

  #models(wire: FakeWire): unknown {
    return wire.models(this.#options.models ?? ['fake-model'], this.clock.epochMs())
  }

  #read(
    wire: FakeWire,
    head: RequestHead,
    { path, headers, json }: Incoming & { json: JsonValue | undefined },
  ): FakeRequest {
    const object = objectIn(json)
    const read = wire.read(object, head, { unknownFields: this.#options.unknownFields ?? 'refuse' })
    const call = this.#accepted++
    return completeRequest(read, { dialect: wire.dialect, call, path, headers, body: object })
  }
}

function withCached(reply: FakeReply, cached: CachedUsage | undefined): FakeReply {
  if (cached === undefined || reply.usage === false) return reply
  return { ...reply, usage: { ...cached, ...reply.usage } }
}

function headOf({ method, path, headers }: Pick<Incoming, 'method' | 'path' | 'headers'>): RequestHead {
  const { pathname, searchParams } = new URL(path, 'http://fake')
  return { method, path: pathname, query: searchParams, headers }
}

// The fake server mounts each format under its own prefix. For any other URL the end of the path decides.
function findWire(head: RequestHead): { wire: FakeWire; asked: Asked | undefined } | undefined {
  const mounted = wires.filter(({ mount }) => head.path.startsWith(`/${mount}/`))
  // One vendor may serve several formats under one prefix.
  const own = mounted.find((wire) => wire.match(head) !== undefined) ?? mounted[0]
  if (own !== undefined) return { wire: own, asked: own.match(head) ?? askedForModels(head) }
  for (const wire of wires) {
    const asked = wire.match(head)
    if (asked !== undefined) return { wire, asked }
  }
  return undefined
}

function askedForModels({ method, path }: RequestHead): 'models' | undefined {
  return method === 'GET' && path.endsWith('/models') ? 'models' : undefined
}

function fallbackWire({ path }: RequestHead): FakeWire {
  const [first] = wires
  const named = wires.find(({ mount }) => path.startsWith(`/${mount.split('/')[0] ?? mount}/`))
  const found = named ?? wires.find(({ dialect }) => dialect === 'openai-chat') ?? first
  if (found === undefined) throw new LlmError('misconfigured', 'the fake provider has no wire format')
  return found
}

function errorOf(error: unknown): FakeHttpError['error'] | FakeError {
  if (error instanceof FakeHttpError) return error.error
  return { status: 400, message: error instanceof Error ? error.message : String(error) }
}

function objectIn(body: JsonValue | undefined): JsonObject {
  if (isObject(body)) return body
  throw new FakeHttpError({ status: 400, message: 'the body is not a JSON object' })
}
