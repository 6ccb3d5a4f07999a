import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { canonicalJson } from '../core/canonical-json.ts'
import { LlmError } from '../core/error.ts'
import { objectOf, parseJson } from '../core/json.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { fetchField } from '../core/port-fields.ts'
import { nonEmptyText, oneOf, required } from '../core/schema.ts'
import { scrubSecrets } from '../core/scrub-secrets.ts'

/** Options of {@link createCassette}. */
export interface CassetteOptions {
  /** The JSON file of the recording. */
  readonly path: string
  /**
   * `replay`: answers from the file, and fails for every request that is not in it. `record`: asks the provider, and writes
   * the file. `auto` (default): replays if the file is there, or else records.
   */
  readonly mode?: 'auto' | 'record' | 'replay' | undefined
  /** Asks the provider while recording. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** A recording of requests and answers. */
export interface Cassette extends AsyncDisposable {
  readonly mode: 'record' | 'replay'
  /** For `createOrchestrator({ fetch })`. */
  readonly fetch: typeof globalThis.fetch
  /** Writes what was recorded. While replaying: rejects with `misconfigured` if a recorded answer was not asked for. */
  close(): Promise<void>
}

interface Recorded {
  readonly request: { readonly method: string; readonly url: string; readonly body: unknown }
  /** The body as text, or in base64 if it is none. */
  readonly response: {
    readonly status: number
    readonly contentType: string
    readonly body?: string | undefined
    readonly base64?: string | undefined
  }
}

const VERSION = 1

const cassetteSchema = optionsSchema<CassetteOptions>()(() => ({
  path: required(nonEmptyText),
  mode: oneOf('auto', 'record', 'replay'),
  fetch: fetchField,
}))

/**
 * Records the requests of whole runs with their answers in a file, without headers and keys, and answers from it later. Equal
 * requests get their answers in the order of the recording.
 *
 * ```ts
 * await using cassette = await createCassette({ path: 'test/weather.json' })
 * await using orchestrator = createOrchestrator({ fetch: cassette.fetch })
 * ```
 */
export async function createCassette(options: CassetteOptions): Promise<Cassette> {
  checkOptions('createCassette', cassetteSchema, options)
  const { path, mode: wanted = 'auto', fetch: ask = globalThis.fetch } = options
  const mode = wanted === 'auto' ? (existsSync(path) ? 'replay' : 'record') : wanted
  const tape = mode === 'replay' ? await readTape(path) : []
  const left = new Set(tape)
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = await readRequest(new Request(input, init))
    if (mode === 'replay') return replayed(request, left, path)
    const response = await ask(input, init)
    const { status, headers } = response
    const bytes = new Uint8Array(await response.arrayBuffer())
    const contentType = headers.get('content-type') ?? ''
    tape.push({ request, response: { status, contentType, ...bodyOf(bytes) } })
    return new Response(bytes, { status, headers })
  }
  const close = async (): Promise<void> => {
    if (mode === 'record') await writeFile(path, `${JSON.stringify({ version: VERSION, tape }, null, 2)}\n`)
    else if (left.size > 0) throw unused(path, left)
  }
  return { mode, fetch, close, [Symbol.asyncDispose]: close }
}

async function readTape(path: string): Promise<Recorded[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LlmError('misconfigured', `the recording ${path} could not be read; record it first`, { cause })
  })
  const file = parseJson(text)
  const { version, tape } = objectOf(file)
  if (version === VERSION && Array.isArray(tape)) return tape as Recorded[]
  throw new LlmError('misconfigured', `${path} is no recording of this version; delete it and record again`)
}

function bodyOf(bytes: Uint8Array): Pick<Recorded['response'], 'body' | 'base64'> {
  try {
    return { body: scrubSecrets(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}

async function readRequest(request: Request): Promise<Recorded['request']> {
  const text = scrubSecrets(await request.text())
  return { method: request.method, url: scrubSecrets(request.url), body: parseJson(text) ?? text }
}

function replayed(request: Recorded['request'], left: Set<Recorded>, path: string): Response {
  const key = canonicalJson(request)
  for (const one of left) {
    if (canonicalJson(one.request) !== key) continue
    left.delete(one)
    const { status, contentType, body, base64 } = one.response
    const bytes = base64 === undefined ? body : new Uint8Array(Buffer.from(base64, 'base64'))
    return new Response(bytes, { status, headers: { 'content-type': contentType } })
  }
  const known = [...left].map((one) => `${one.request.method} ${one.request.url}`).slice(0, 3)
  const rest = known.length === 0 ? 'all answers were used' : `left are ${known.join(', ')}`
  throw new LlmError(
    'misconfigured',
    `${path} has no answer to ${request.method} ${request.url}: ${canonicalJson(request.body).slice(0, 300)}; ${rest}; record again`,
    { code: 'not-recorded' },
  )
}

function unused(path: string, left: ReadonlySet<Recorded>): LlmError {
  const message = `${left.size} answers of ${path} were not asked for; record again`
  return new LlmError('misconfigured', message, { code: 'not-replayed' })
}
