import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { isObject, parseJson, type JsonObject, type JsonValue } from '../core/json.ts'
import { FakeHttpError, type FakeError } from './fake-error.ts'
import { record, type FakeRequestLog, type Recorder } from './request-log.ts'
import { planError, planJson, planReply } from './pacing.ts'
import { completeRequest, type FakeRequest } from './request.ts'
import { playScript, type FakeScript, type ScriptPlayer } from './script.ts'
import type { Step } from './steps.ts'
import { wires, type Asked, type FakeWire, type RequestHead } from './wires/index.ts'

/** How a fake behaves besides its script. */
export interface FakeOptions {
  /** API keys that are accepted. Default: any that is not empty. A request without one is refused. */
  readonly keys?: readonly string[] | undefined
  /** Ids in the list of models. Default `fake-model`. A call may name any model. */
  readonly models?: readonly string[] | undefined
  /**
   * What to do with a body field that the vendor does not know: refuse it, as the vendor does, or pass it over, as some
   * compatible servers do. Default `refuse`.
   */
  readonly unknownFields?: 'refuse' | 'ignore' | undefined
  /** Runs the waits of an answer and gives the times of the log. Default: real time. */
  readonly clock?: Clock | undefined
}

/** A request as it came in. */
export interface Incoming {
  readonly method: string
  /** With query. */
  readonly path: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What to do about a request, and where to note what came of it. */
export interface Answering {
  readonly steps: Iterable<Step>
  readonly recorder: Recorder
}

/** A fake provider without a connection: takes requests, gives the steps that answer them. */
export interface Responder {
  readonly log: readonly FakeRequestLog[]
  readonly clock: Clock
  /** Whether any of the wire formats has such a request. */
  knows(incoming: Pick<Incoming, 'method' | 'path' | 'headers'>): boolean
  answer(incoming: Incoming): Promise<Answering>
}

export function createResponder(script: FakeScript, options: FakeOptions = {}): Responder {
  return new ScriptedResponder(playScript(script), options)
}

class ScriptedResponder implements Responder {
  readonly log: FakeRequestLog[] = []
  readonly clock: Clock
  readonly #player: ScriptPlayer
  readonly #options: FakeOptions
  #accepted = 0

  constructor(player: ScriptPlayer, options: FakeOptions) {
    this.#player = player
    this.#options = options
    this.clock = options.clock ?? systemClock
  }

  knows(incoming: Pick<Incoming, 'method' | 'path' | 'headers'>): boolean {
    return findWire(headOf(incoming))?.asked !== undefined
  }

  async answer(incoming: Incoming): Promise<Answering> {
    const { body: text, ...line } = incoming
    const body = text === '' ? undefined : (parseJson(text) ?? text)
    const recorder = record(this.log, { ...line, body }, this.clock)
    const requestId = `req_fake${this.log.length}`
    const head = headOf(incoming)
    const { wire, asked } = findWire(head) ?? { wire: fallbackWire(head) }
    try {
      if (asked === undefined)
        throw new FakeHttpError({ status: 404, message: `there is no ${line.method} ${head.path}` })
      this.#checkKey(wire, head)
      if (asked === 'models') return { recorder, steps: planJson(this.#models(wire)) }
      if (asked === 'embeddings') return { recorder, steps: planJson(wire.embeddings?.(objectIn(body))) }
      const request = this.#read(wire, head, { ...incoming, json: body })
      recorder.accepted(request)
      const reply = await this.#player.next(request)
      const steps = planReply({ wire, request, reply, requestId, epochMs: this.clock.epochMs() })
      return { recorder, steps }
    } catch (error) {
      const refused = wire.describe(refusalOf(error))
      recorder.refused(refused.message)
      return { recorder, steps: planError(refused, { wire, requestId }) }
    }
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

function headOf({ method, path, headers }: Pick<Incoming, 'method' | 'path' | 'headers'>): RequestHead {
  const { pathname, searchParams } = new URL(path, 'http://fake')
  return { method, path: pathname, query: searchParams, headers }
}

// The server serves each format in its own place; everywhere else the end of the path tells.
function findWire(head: RequestHead): { wire: FakeWire; asked: Asked | undefined } | undefined {
  const mounted = wires.filter(({ mount }) => head.path.startsWith(`/${mount}/`))
  // One vendor may serve several formats in one place.
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
  if (found === undefined) throw new LlmError('misconfigured', 'the fake provider speaks no wire format')
  return found
}

function refusalOf(error: unknown): FakeHttpError['error'] | FakeError {
  if (error instanceof FakeHttpError) return error.error
  return { status: 400, message: error instanceof Error ? error.message : String(error) }
}

function objectIn(body: JsonValue | undefined): JsonObject {
  if (isObject(body)) return body
  throw new FakeHttpError({ status: 400, message: 'the body is not a JSON object' })
}
