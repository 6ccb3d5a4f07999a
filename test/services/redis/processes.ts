import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../bundle.ts'
import { forkChild } from '../../children.ts'

/** A process of its own that runs one of the scripts beside this file. It dies of any unhandled rejection. */
export interface WorkerProcess {
  tell(message: unknown): void
  /** The next message that it sends, or has sent. */
  hear<Message>(): Promise<Message>
  /** Its exit code, once it has ended by itself. */
  ended(): Promise<number | null>
  crash(): void
}

/** Starts `<script>.ts` and waits until it says that it is ready. It ends with the test. */
export async function startProcess(script: string, options: object): Promise<WorkerProcess> {
  const path = await bundle(fileURLToPath(new URL(`${script}.ts`, import.meta.url)))
  const execArgv = ['--unhandled-rejections=strict', '--no-warnings']
  const child = forkChild(path, [JSON.stringify(options)], { execArgv })
  const heard: unknown[] = []
  let wake: (() => void) | undefined
  child.on('message', (message) => {
    heard.push(message)
    wake?.()
  })
  const exit = once(child, 'exit')
  const worker: WorkerProcess = {
    tell: (message) => void child.send(message as object),
    hear: async <Message>() => {
      while (heard.length === 0)
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), failed(child, exit)])
      return heard.shift() as Message
    },
    ended: async () => (await exit)[0] as number | null,
    crash: () => void child.kill('SIGKILL'),
  }
  await worker.hear()
  return worker
}

async function failed(child: ChildProcess, exit: Promise<unknown>): Promise<never> {
  await exit
  throw new Error(`the process ended (${child.exitCode ?? child.signalCode}) before it had said all`)
}
