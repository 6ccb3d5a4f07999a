import {
  execFileSync,
  fork,
  spawn,
  type ChildProcess,
  type ChildProcessByStdio,
  type ExecFileSyncOptions,
  type ForkOptions,
  type SpawnOptions,
} from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'

/** A child with pipes for all of its standard streams. */
export type PipedChild = ChildProcessByStdio<Writable, Readable, Readable>

/**
 * Starts a program that does not outlive the run: it is killed when the test that started it has ended (or the file,
 * if a hook started it), and also if this process dies without a word. `node` stands for this Node.
 */
export function startChild(command: string, args: readonly string[], options: SpawnOptions = {}): PipedChild {
  const child = spawn(command === 'node' ? process.execPath : command, args, options)
  return endedWithTest(watched(child)) as PipedChild
}

/** Starts a server for all tests of a file, also if a test starts it again: the file ends it, or the death of the run. */
export function startServer(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  return watched(spawn(command, args, options))
}

/** Starts a script of ours with a channel for messages; its life is bounded as that of `startChild`. */
export function forkChild(script: string, args: readonly string[], options: ForkOptions = {}): ChildProcess {
  return endedWithTest(watched(fork(script, args, options)))
}

/** What a program came to. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Both, in the order in which they came. */
  readonly output: string
}

/** Runs a program to its end. */
export async function runChild(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Finished> {
  const child = startChild(command, args, options)
  const said = { stdout: '', stderr: '', output: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
      said.output += text
    })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...said }
}

/** Runs a program to its end and gives what it printed. Throws if it fails. */
export async function outputOf(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<string> {
  const { code, stdout, output } = await runChild(command, args, options)
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${output}`)
  return stdout
}

/** Runs a program while this process waits: nothing of it can be left. */
export function runAtOnce(
  command: string,
  args: readonly string[],
  options: ExecFileSyncOptions = {},
): string {
  return String(execFileSync(command, args, options) ?? '')
}

/** Reads process ids from its standard input, `+1` and `-1`; when that closes, what is left of them is killed. */
const REAPER = `
  const alive = new Set()
  let rest = ''
  process.stdin.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\\n')
    rest = lines.pop()
    for (const line of lines) line[0] === '+' ? alive.add(Number(line.slice(1))) : alive.delete(Number(line.slice(1)))
  }).on('end', () => {
    for (const pid of alive) try { process.kill(pid, 'SIGKILL') } catch {}
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})`

let reaper: ChildProcess | undefined

/** One process beside this one, which kills the children if this one dies, however that happens. */
function tellReaper(line: string): void {
  if (reaper === undefined) {
    reaper = spawn(process.execPath, ['--eval', REAPER], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    reaper.unref()
    ;(reaper.stdin as Writable & { unref?: () => void }).unref?.()
    reaper.stdin?.on('error', () => undefined)
  }
  reaper.stdin?.write(`${line}\n`)
}

function watched(child: ChildProcess): ChildProcess {
  const { pid } = child
  if (pid === undefined) return child
  tellReaper(`+${pid}`)
  child.once('exit', () => tellReaper(`-${pid}`))
  return child
}

function endedWithTest(child: ChildProcess): ChildProcess {
  try {
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    })
  } catch {
    // A hook started it, for all tests of its file: the hook's end, or that of this process, ends it.
  }
  return child
}
