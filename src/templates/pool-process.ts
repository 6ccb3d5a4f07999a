import type { ChildProcess } from 'node:child_process'
import { isObject, textOf } from '../core/json.ts'
import type { RenderJob, RenderReply } from './serve.ts'

/** How a process of the pool is started. */
export interface ProcessOptions {
  /** URL of a module that exports `serveTemplates`. */
  readonly module: string
  readonly heapMb: number
}

/** What a process tells its pool. */
export interface ProcessEvents {
  /** It is ready, or has answered. */
  readonly reply: (reply: RenderReply) => void
  /** It is gone. Told once, after the last reply. */
  readonly exit: () => void
}

/** A process that renders one template at a time. */
export interface PoolProcess {
  readonly pid: number | undefined
  send(job: RenderJob): void
  /** Lets the host end although this process lives, or not. */
  hold(keepsAlive: boolean): void
  /** Ends it at once. Nothing inside can prevent or delay that. */
  kill(): void
}

const PROGRAM = 'const { serveTemplates } = await import(process.argv[1]); serveTemplates()'

/** Starts a process with a heap of its own, no environment and no code from texts. */
export async function startProcess(options: ProcessOptions, events: ProcessEvents): Promise<PoolProcess> {
  const { spawn } = await import('node:child_process')
  const { module, heapMb } = options
  const flags = [
    `--max-old-space-size=${Math.max(1, Math.floor(heapMb))}`,
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    '--input-type=module',
  ]
  const child = spawn(process.execPath, [...flags, '--eval', PROGRAM, module], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: systemEnvironment(),
    windowsHide: true,
  })
  listen(child, events)
  return {
    pid: child.pid,
    send: (job) => void child.send(job, () => undefined),
    hold: (keepsAlive) => {
      const target = keepsAlive ? 'ref' : 'unref'
      child[target]()
      child.channel?.[target]()
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function listen(child: ChildProcess, { reply, exit }: ProcessEvents): void {
  let gone = false
  const end = (): void => {
    if (gone) return
    gone = true
    exit()
  }
  // An error comes in place of an exit where the process could not even be started.
  child.on('error', end)
  child.on('exit', end)
  child.on('message', (message) => reply(readReply(message)))
}

// What comes from a process that runs strangers' templates is read with care.
function readReply(message: unknown): RenderReply {
  if (!isObject(message)) return {}
  const { id, text, error } = message
  return {
    id: typeof id === 'number' ? id : undefined,
    text: typeof text === 'string' ? text : undefined,
    error: textOf(error),
  }
}

// Windows starts nothing without it.
function systemEnvironment(): Record<string, string> {
  const root = process.env['SystemRoot']
  return root === undefined ? {} : { SystemRoot: root }
}
