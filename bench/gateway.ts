// npm run build:js && node bench/gateway.ts [--quick]
// CPU per chunk passed through: SSE in from the loopback server, SSE out to a client, each gateway in a process of its own.
// Portkey's gateway joins where it is installed: npm install --prefix bench/peers
import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { start } from './child.ts'
import { median } from './figures.ts'
import { stream, type Target } from './gateways/load.ts'
import { CHUNKS } from './wire.ts'

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const ROUNDS = flags.quick ? 3 : 7
const STREAMS = flags.quick ? 20 : 40
const PACED = 200
const PACED_MS = flags.quick ? 1_500 : 3_000

interface Gateway extends Target, Disposable {
  readonly name: string
  usage(): Promise<{ readonly cpuUs: number; readonly rssKib: number }>
}

// The pipes take the mode in the path, ours as the model's name.
const plain = { path: (): string => '/v1/chat/completions', headers: (): Record<string, string> => ({}) }
const inPath = (mode: string): string => `/${mode}/v1/chat/completions`
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const portkey = here('peers/node_modules/@portkey-ai/gateway/build/start-server.js')

async function open(name: string, file: string, args: readonly string[], port?: number): Promise<Gateway> {
  const execArgv = [...process.execArgv, '--import', here('gateways/cpu.ts')]
  const quiet = port === undefined ? 'inherit' : 'ignore'
  const child = fork(file, args, { execArgv, stdio: ['ignore', quiet, quiet, 'ipc'] })
  const next = <T>(): Promise<T> =>
    new Promise((resolve) => child.once('message', (said) => resolve(said as T)))
  const found = port ?? (await next<{ port: number }>()).port
  const usage: Gateway['usage'] = () => {
    const answer = next<{ cpuUs: number; rssKib: number }>()
    child.send({})
    return answer
  }
  return { ...plain, name, port: found, usage, [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

async function openPortkey(origin: string): Promise<Gateway> {
  const port = await freePort()
  const gateway = await open('@portkey-ai/gateway', portkey, [`--port=${port}`, '--headless'], port)
  for (let tries = 0; tries < 100; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)
    if (up?.ok === true) break
    await sleep(100)
  }
  return {
    ...gateway,
    headers: (mode) => ({
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${origin}/${mode}/v1`,
    }),
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}

/** CPU of the gateway per chunk, in microseconds: one stream after another, each of 2 000 chunks. */
async function fast(gateway: Gateway, mode: string): Promise<number> {
  const before = await gateway.usage()
  let chunks = 0
  for (let turn = 0; turn < STREAMS; turn++) {
    const { events } = await stream(gateway, mode)
    if (events < CHUNKS) throw new Error(`${gateway.name}: ${events} events of ${CHUNKS}`)
    chunks += CHUNKS
  }
  return ((await gateway.usage()).cpuUs - before.cpuUs) / chunks
}

/** The same for 200 streams at once, with a chunk every 50 ms each, as models write: a network read for every chunk. */
async function paced(gateway: Gateway): Promise<number> {
  const running = Array.from({ length: PACED }, () => stream(gateway, 'paced', PACED_MS + 1_000))
  await sleep(500)
  const before = await gateway.usage()
  await sleep(PACED_MS)
  const after = await gateway.usage()
  const passed = await Promise.all(running)
  const share = PACED_MS / (PACED_MS + 1_000)
  const chunks = passed.reduce((sum, { events }) => sum + events, 0) * share
  return (after.cpuUs - before.cpuUs) / chunks
}

type Measure = (gateway: Gateway) => Promise<number>
const MEASURES: Readonly<Record<string, Measure>> = {
  'one read per 60 chunks': (gateway) => fast(gateway, 'coalesced'),
  'one HTTP chunk each': (gateway) => fast(gateway, 'each'),
  'paced, 200 streams': paced,
}

async function main(): Promise<void> {
  using server = start('server.ts')
  const origin = `http://127.0.0.1:${await server.ask<number>()}`
  using held = new DisposableStack()
  const ours = here('gateways/switchyard.ts')
  const pipes = here('gateways/pipe.ts')
  const gateways = [
    held.use({ ...(await open('hand pipe: bytes', pipes, ['pipe', origin])), path: inPath }),
    held.use({ ...(await open('hand pipe: frames', pipes, ['frames', origin])), path: inPath }),
    held.use(await open('llm-switchyard on fetch', ours, ['fetch', origin])),
    held.use(await open('llm-switchyard on undici', ours, ['undici', origin])),
    ...(existsSync(portkey) ? [held.use(await openPortkey(origin))] : []),
  ]
  for (const [measure, take] of Object.entries(MEASURES)) {
    const samples = gateways.map((): number[] => [])
    for (let round = -1; round < ROUNDS; round++) {
      for (let at = 0; at < gateways.length; at++) {
        // Everyone takes a turn at being first.
        const index = (at + round + 1) % gateways.length
        const value = await take(gateways[index]!)
        if (round >= 0) samples[index]?.push(value)
      }
    }
    print(measure, gateways, samples)
  }
  if (!existsSync(portkey))
    console.log('\n@portkey-ai/gateway: not installed (npm install --prefix bench/peers)')
}

function print(measure: string, gateways: readonly Gateway[], samples: readonly (readonly number[])[]): void {
  console.log(`\n| ${measure} | µs of CPU per chunk | × bytes | × frames |\n|---|---|---|---|`)
  const ratio = (own: readonly number[], base: readonly number[]): string =>
    median(own.map((value, round) => value / (base[round] ?? Number.NaN))).toFixed(2)
  for (const [index, { name }] of gateways.entries()) {
    const own = samples[index] ?? []
    const cells = [median(own).toFixed(2), ratio(own, samples[0] ?? []), ratio(own, samples[1] ?? [])]
    console.log(`| ${name} | ${cells.join(' | ')} |`)
  }
}

await main()
