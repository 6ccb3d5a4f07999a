import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../bundle.ts'
import { startChild } from '../../children.ts'
import type { Job, StoreAddress } from './worker.ts'

/** A process of its own with a store, and what it has said. */
export interface WorkerRun {
  /** The lines so far; all of them once it has ended. */
  readonly lines: readonly string[]
  /** When it has said something; also when it ends without. */
  heard(): Promise<void>
  kill(): void
  /** Its exit code, or `null` where it was killed. Rejects where it failed. */
  ended(): Promise<number | null>
}

/** Starts workers. */
export interface Workers {
  start(address: StoreAddress, job: Job): WorkerRun
}

/** Bundles the worker once, so that each process starts in a moment. */
export async function prepareWorkers(): Promise<Workers> {
  const worker = await bundle(fileURLToPath(new URL('worker.ts', import.meta.url)))
  return { start: (address, job) => start([worker, JSON.stringify(address), JSON.stringify(job)]) }
}

function start(args: readonly string[]): WorkerRun {
  const child = startChild('node', ['--no-warnings', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  let rest = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const closed = once(child, 'close')
  return {
    lines,
    heard: async () => {
      if (lines.length === 0) await Promise.race([once(child.stdout, 'data'), closed])
    },
    kill: () => void child.kill('SIGKILL'),
    ended: async () => {
      const [code] = (await closed) as [number | null]
      if (code !== null && code !== 0) throw new Error(`a worker failed: ${said}`)
      return code
    },
  }
}
