import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  createFakeProvider,
  type FakeProvider,
  type FakeRequest,
  type FakeScript,
  type FakeRequestLog,
  type ScriptedReply,
} from 'llm-switchyard/testing'
import { afterAll, beforeAll, expect } from 'vitest'
import { root } from '../../../scripts/entries.ts'
import { startChild } from '../../children.ts'
import { stopwatch } from '../../proof.ts'

/** An example in a process of its own, which any unhandled rejection would end. */
export interface Served extends AsyncDisposable {
  /** Where it says that it listens, without a path. */
  readonly url: string
  /** Ends it, and checks that nothing went wrong in it meanwhile. */
  stop(): Promise<void>
}

/** Starts `examples/<file>` and waits until it listens. */
export async function serveExample(
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const names = pathToFileURL(join(import.meta.dirname, 'sources.ts')).href
  const flags = ['--unhandled-rejections=strict', '--import', names, join('examples', file)]
  const rest = file.startsWith('openai-gateway') ? ['--port', '0'] : []
  const child = startChild('node', [...flags, ...rest], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1', PORT: '0', ...env },
  })
  let output = ''
  let errors = ''
  const ready = Promise.withResolvers<string>()
  child.stdout.on('data', (piece: Buffer) => {
    output += piece.toString()
    const address = /listens on (http:\/\/[\d.]+:\d+)/.exec(output)?.[1]
    if (address !== undefined) ready.resolve(address)
  })
  child.stderr.on('data', (piece: Buffer) => void (errors += piece.toString()))
  const over = once(child, 'exit') as Promise<[number | null, string | null]>
  void over.then(([code]) => ready.reject(new Error(`${file} ended with ${code}: ${errors}${output}`)))
  const url = await ready.promise
  const stop = async (): Promise<void> => {
    expect(child.exitCode, `${file} ended before it was told to: ${errors}`).toBe(null)
    child.kill('SIGTERM')
    await over
    expect(errors).toBe('')
  }
  return {
    url,
    stop,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await stop()
    },
  }
}

/** The gateway example in front of a fake provider that answers by `script`; `fast` and `thoughtful` lead there. */
export interface ServedGateway {
  readonly url: string
  readonly fake: FakeProvider
  /** Requests that came upstream since the script was given. */
  log(): readonly FakeRequestLog[]
}

/** One gateway for a file of tests, each with a script of its own. */
export function sharedGateway(
  env: Readonly<Record<string, string>> = {},
): (script: FakeScript) => ServedGateway {
  let script: FakeScript = ''
  let fake: FakeProvider | undefined
  let served: Served | undefined
  const play = async (request: FakeRequest): Promise<ScriptedReply> => {
    if (typeof script === 'function') return script(request)
    return Array.isArray(script) ? 'a list is no script here' : (script as ScriptedReply)
  }
  beforeAll(async () => {
    fake = await createFakeProvider({ script: play })
    served = await serveExample('openai-gateway/main.ts', {
      OPENAI_API_KEY: 'upstream',
      OPENAI_BASE_URL: fake.baseUrl('openai-chat'),
      ANTHROPIC_API_KEY: 'upstream',
      ANTHROPIC_BASE_URL: fake.baseUrl('anthropic-messages'),
      ...env,
    })
  })
  afterAll(async () => {
    await served?.stop()
    await fake?.close()
  })
  return (given) => {
    if (fake === undefined || served === undefined) throw new Error('the gateway has not started')
    script = given
    const provider = fake
    const since = provider.log.length
    return { url: served.url, fake: provider, log: () => provider.log.slice(since) }
  }
}

/** What a call is refused with. */
export async function failureOf(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('the call went well')
}

/** Checks that the upstream sees it when the client leaves, before the script has come to its end. */
export async function leavesAtOnce(served: ServedGateway, leave: () => void): Promise<void> {
  const entry = served.log().at(-1)
  if (entry === undefined) throw new Error('no request came upstream')
  const took = stopwatch()
  leave()
  await entry.closed
  expect(entry.abortedAt, 'the upstream finished').toBeDefined()
  took.atMost(100)
}
