import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A process of this benchmark, asked one thing at a time. */
export interface Child extends Disposable {
  /** Its next message; after `message` was sent, where there is one. Rejects when it ends, or takes longer than a minute. */
  ask<T>(message?: object): Promise<T>
}

const MOST_MS = 60_000

/** Starts `bench/<file>` with arguments. It ends when it is disposed of, or with this process. */
export function start(file: string, ...args: readonly string[]): Child {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return {
    ask: (message) => answer(child, file, message),
    [Symbol.dispose]: () => child.kill('SIGKILL'),
  }
}

function answer<T>(child: ChildProcess, file: string, message: object | undefined): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit)
    }
    const onMessage = (said: unknown): void => {
      settle()
      resolve(said as T)
    }
    const onExit = (code: number | null): void => {
      settle()
      reject(new Error(`${file} ended with code ${code}`))
    }
    const timer = setTimeout(() => {
      settle()
      reject(new Error(`${file} did not answer within ${MOST_MS} ms`))
    }, MOST_MS)
    child.on('message', onMessage).on('exit', onExit)
    if (message !== undefined) child.send(message)
  })
}
