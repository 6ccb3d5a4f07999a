import type { ChildProcess } from 'node:child_process'
import { isObject, textOf } from '../core/json.ts'
import type { RenderJob, RenderReply } from './serve.ts'

/** Options of one process of the pool. */
export interface ProcessOptions {
  /** URL of a module that exports `serveTemplates`. */
  readonly module: string
  /** Maximum heap size, in MB. */
  readonly heapMb: number
}

/** Callbacks of one process. */
export interface ProcessEvents {
  /** Called when the process is ready, without an id, and with every reply. */
  readonly reply: (reply: RenderReply) => void
  /** Called once when the process has ended, after the last reply. */
  readonly exit: () => void
}

/** A child process that renders one template at a time. */
export interface PoolProcess {
  readonly pid: number | undefined
  send(job: RenderJob): void
  /** Sets whether this process keeps the application's process running. */
  keepAlive(keepsAlive: boolean): void
  /** Kills the process at once. A template cannot prevent or delay that. */
  kill(): void
}

const PROGRAM = 'const { serveTemplates } = await import(process.argv[1]); serveTemplates()'

/** Starts a process with its own heap, an empty environment, and code generation from strings disabled. */
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
    keepAlive: (keepsAlive) => {
      const target = keepsAlive ? 'ref' : 'unref'
      child[target]()
      child.channel?.[target]()
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function listen(child: ChildProcess, { reply, exit }: ProcessEvents): void {
  let hasExited = false
  const end = (): void => {
    if (hasExited) return
    hasExited = true
    exit()
  }
  // If the process cannot be started, there is an `error` event and no `exit`.
  child.on('error', end)
  child.on('exit', end)
  child.on('message', (message) => reply(readReply(message)))
}

// The reply is checked, because the process runs untrusted templates.
function readReply(message: unknown): RenderReply {
  if (!isObject(message)) return {}
  const { id, text, error } = message
  return {
    id: typeof id === 'number' ? id : undefined,
    text: typeof text === 'string' ? text : undefined,
    error: textOf(error),
  }
}

// Windows needs this variable to start a process.
function systemEnvironment(): Record<string, string> {
  const root = process.env['SystemRoot']
  return root === undefined ? {} : { SystemRoot: root }
}
