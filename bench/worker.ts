import { measure, type MeasureId, type Span } from './measures.ts'
import { hold, type Holding } from './paced.ts'
import { subjects } from './subject.ts'

/** What the parent asks of a worker; it answers with the sample, or with the words of the error. */
export type Task =
  | { readonly type: 'measure'; readonly id: MeasureId; readonly span: Span }
  | ({ readonly type: 'hold' } & Holding)

// One subject in a process of its own, so that compiled code and heaps do not mix.
const [id, origin = ''] = process.argv.slice(2)
const entry = subjects.find((subject) => subject.id === id)
if (entry === undefined) throw new Error(`no subject "${id}"`)
const { create } = await entry.load()
const subject = create(`${origin}/whole/v1`)

async function run(task: Task): Promise<void> {
  try {
    const sample =
      task.type === 'hold'
        ? await hold(subject, origin, task)
        : await measure(task.id, subject, origin, task.span)
    process.send?.({ sample })
  } catch (error) {
    process.send?.({ problem: error instanceof Error ? error.stack : String(error) })
  }
}
process.on('message', (task: Task) => void run(task))
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
