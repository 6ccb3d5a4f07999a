import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { subjects, type SubjectId } from './subject.ts'

/** What a fresh process pays. */
export interface StartupSample {
  /** Import of the packages alone, in milliseconds. */
  readonly importMs: number
  /** Import and first answer, in milliseconds. */
  readonly firstAnswerMs: number
}

/** The packages behind a subject, as its users import them. */
const PACKAGES: Readonly<Partial<Record<SubjectId, readonly string[]>>> = {
  hand: ['eventsource-parser'],
  fetch: ['llm-switchyard'],
  undici: ['llm-switchyard', 'llm-switchyard/undici'],
  openai: ['openai'],
  'ai-sdk': ['ai', '@ai-sdk/openai-compatible'],
}

const run = promisify(execFile)

/** Starts one process that does nothing but import, and one that also calls once. */
export async function startup(id: SubjectId, origin: string): Promise<StartupSample> {
  const imports = (PACKAGES[id] ?? []).map((name) => `await import(${JSON.stringify(name)})`).join('\n')
  const importMs = await timed(imports)
  const entry = subjects.findIndex((subject) => subject.id === id)
  const firstAnswerMs = await timed(`
    const { subjects } = await import('./bench/subject.ts')
    const { create } = await subjects[${entry}].load()
    await create('${origin}/whole/v1').call()`)
  return { importMs, firstAnswerMs }
}

/** Runs code in a fresh process, from the root of the project; gives its time without the start of Node. */
async function timed(code: string): Promise<number> {
  const script = `const startedAt = performance.now()\n${code}\nconsole.log(performance.now() - startedAt)\nprocess.exit(0)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 30_000,
  })
  return Number(stdout)
}
