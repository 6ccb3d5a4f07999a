/**
 * How fast turns are kept and histories loaded, against the stores of others that `npm install --prefix bench/peers`
 * has installed: `npm run build:js && node bench/history.ts [--quick] [--conversations 1000] [--messages 1000] [--rounds 5]`.
 */
import { parseArgs } from 'node:util'
import { installed, PLACE, startPostgres } from '../test/services/postgres-process.ts'
import { ourSubjects, peerSubjects, type Subject, type Turn } from './history-subjects.ts'

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    conversations: { type: 'string' },
    messages: { type: 'string' },
    rounds: { type: 'string' },
  },
})

const FULL = { conversations: 1000, messages: 1000, clients: 8, turns: 2000, loads: 1000, rounds: 5 }
const QUICK = { conversations: 40, messages: 200, clients: 8, turns: 200, loads: 100, rounds: 3 }
const chosen = flags.quick ? QUICK : FULL
const plan = {
  ...chosen,
  conversations: Number(flags.conversations ?? chosen.conversations),
  messages: Number(flags.messages ?? chosen.messages),
  rounds: Number(flags.rounds ?? chosen.rounds),
}
/** A million messages are more than one process should hold. */
const inMemory = plan.conversations * plan.messages <= 200_000
const WINDOW = 20
/** The long conversation is so many times as long as the others: a load by the window costs the same in it. */
const LONGER = 10
const LONG = plan.conversations

interface Figures {
  readonly name: string
  readonly turnsPerSecond: number
  readonly turnP50Ms: number
  readonly turnP99Ms: number
  readonly loadP50Ms: number
  readonly loadP99Ms: number
  readonly longLoadP50Ms: number
}

/** What one subject has shown so far. */
interface Samples {
  readonly turns: number[]
  readonly loads: number[]
  readonly longLoads: number[]
  readonly rates: number[]
}

async function main(): Promise<void> {
  const bin = installed()
  if (bin === undefined) say(`without Postgres: ${PLACE}/*/bin is missing`)
  await using server = bin === undefined ? undefined : await startPostgres(bin)
  const address = server?.connectionString
  const subjects = [
    ...ourSubjects(address, { inMemory }),
    ...(address === undefined ? [] : await peerSubjects(address)),
  ]
  const samples = new Map(subjects.map((subject) => [subject, none()]))
  for (const subject of subjects) await fill(subject)
  for (let round = 0; round < plan.rounds; round++) {
    say(`round ${round + 1} of ${plan.rounds}`)
    // Each goes first once: whatever else the machine does falls on all of them.
    for (const subject of [
      ...subjects.slice(round % subjects.length),
      ...subjects.slice(0, round % subjects.length),
    ])
      await measure(subject, samples.get(subject) ?? none())
  }
  for (const subject of subjects) await subject.close()
  const figures = [...samples].map(([{ name }, all]) => figuresOf(name, all))
  console.log(flags.json ? JSON.stringify({ plan, figures }, null, 2) : report(figures))
}

const none = (): Samples => ({ turns: [], loads: [], longLoads: [], rates: [] })

async function fill(subject: Subject): Promise<void> {
  const since = performance.now()
  const turns = Array.from({ length: plan.messages / 2 }, (_, at) => turnOf(at))
  await atOnce(plan.conversations, async (at) => {
    await subject.start(at)
    await subject.fill(at, turns)
  })
  await subject.start(LONG)
  for (let part = 0; part < LONGER; part++) await subject.fill(LONG, turns)
  say(`${subject.name}: filled in ${((performance.now() - since) / 1000).toFixed(1)} s`)
}

async function measure(subject: Subject, { turns, loads, longLoads, rates }: Samples): Promise<void> {
  const since = performance.now()
  await atOnce(plan.turns, async (at) => {
    const conversation = (at * 7) % plan.conversations
    turns.push(await timed(() => subject.keep(conversation, turnOf(at))))
  })
  rates.push((plan.turns / (performance.now() - since)) * 1000)
  for (let load = 0; load < plan.loads; load++) {
    const conversation = (load * 13) % plan.conversations
    loads.push(await timed(() => loadAll(subject, conversation)))
  }
  for (let load = 0; load < plan.loads / 4; load++) longLoads.push(await timed(() => loadAll(subject, LONG)))
}

async function loadAll(subject: Subject, at: number): Promise<void> {
  const got = await subject.load(at, WINDOW)
  if (got !== WINDOW) throw new Error(`${subject.name} gave ${got} messages instead of ${WINDOW}`)
}

/** Does the work for 0, 1, 2 … with as many clients at once as the plan says. */
async function atOnce(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0
  const client = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: plan.clients }, client))
}

async function timed(work: () => Promise<void>): Promise<number> {
  const since = performance.now()
  await work()
  return performance.now() - since
}

function turnOf(at: number): Turn {
  const ask = `Question ${at}: how does the analytical engine weave algebraic patterns?`
  return { ask, answer: `${ask} As the loom weaves flowers and leaves, with cards. `.repeat(4) }
}

function figuresOf(name: string, { turns, loads, longLoads, rates }: Samples): Figures {
  return {
    name,
    turnsPerSecond: share(rates, 0.5),
    turnP50Ms: share(turns, 0.5),
    turnP99Ms: share(turns, 0.99),
    loadP50Ms: share(loads, 0.5),
    loadP99Ms: share(loads, 0.99),
    longLoadP50Ms: share(longLoads, 0.5),
  }
}

function share(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

function report(figures: readonly Figures[]): string {
  const { conversations, messages, clients } = plan
  const head = `${conversations} conversations of ${messages} messages, ${clients} clients; load of the newest ${WINDOW}`
  const columns = ['', 'turns/s', 'p50 ms', 'p99 ms', 'load p50', 'load p99', `p50, ${LONGER}x as long`]
  const rows = figures.map((one) => [
    one.name,
    one.turnsPerSecond.toFixed(0),
    ...[one.turnP50Ms, one.turnP99Ms, one.loadP50Ms, one.loadP99Ms, one.longLoadP50Ms].map((ms) =>
      ms.toFixed(2),
    ),
  ])
  const widths = columns.map((_, at) => Math.max(...[columns, ...rows].map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
  return [head, '', line(columns), ...rows.map(line)].join('\n')
}

function say(text: string): void {
  console.error(text)
}

await main()
