import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../../scripts/entries.ts'
import { startChild } from '../children.ts'

/** An example in a process of its own, on a port that it may come back to. */
export interface ExampleServer {
  readonly url: string
  readonly port: number
  /** What it wrote to stderr: nothing, if all is well. */
  errors(): string
  /** As a crash or a hard restart: nothing is drained. */
  kill(): Promise<void>
  stop(): Promise<void>
}

interface Start {
  /** Default: a free one. */
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Starts an example by the name of its folder; without a build the package's names lead to the sources. */
export async function startExample(name: string, { port = 0, env }: Start = {}): Promise<ExampleServer> {
  const names = pathToFileURL(join(root, 'test/delivery/clients/sources.ts')).href
  const child = startChild(
    'node',
    [
      '--unhandled-rejections=strict',
      '--disable-warning=ExperimentalWarning',
      '--import',
      names,
      `examples/${name}/main.ts`,
      '--port',
      String(port),
    ],
    { cwd: root, env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1', ...env } },
  )
  let output = ''
  let errors = ''
  const ready = Promise.withResolvers<string>()
  child.stdout.on('data', (piece: Buffer) => {
    output += piece.toString()
    const address = /listens on (http:\/\/[\d.]+:\d+)/.exec(output)?.[1]
    if (address !== undefined) ready.resolve(address)
  })
  child.stderr.on('data', (piece: Buffer) => void (errors += piece.toString()))
  const over = once(child, 'exit')
  void over.then(() => ready.reject(new Error(`${name} ended: ${errors}${output}`)))
  const url = await ready.promise
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await over
  }
  return {
    url,
    port: Number(new URL(url).port),
    errors: () => errors,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}
