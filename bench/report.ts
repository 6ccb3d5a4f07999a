import { judge, NAMES, type Bar } from './bars.ts'
import { figureOf, type Figure, type Figures, type Samples } from './figures.ts'
import type { MeasureId } from './measures.ts'
import { subjects, type SubjectId } from './subject.ts'

type Row = readonly string[]
const ABSENT = '–'

/** The whole run as Markdown tables, the bars last. */
export function report(figures: Figures): string {
  const sections = [
    ['CPU of the client per unit, µs (ratio to the hand loop)', cpuTable(figures)],
    ['First chunk, and open streams at 20 chunks/s', latencyTable(figures)],
    ['Start', startupTable(figures)],
    ['Bundle of the minimal chat call, KB', bundleTable(figures)],
    ['Bars', barTable(judge(figures))],
  ] as const
  return sections.map(([title, rows]) => `### ${title}\n\n${table(rows)}`).join('\n\n')
}

function cpuTable({ measures }: Figures): Row[] {
  const ids: readonly MeasureId[] = ['call', 'call-64', 'chunk', 'chunk-16', 'chunk-each', 'chunk-padded']
  const head = ['subject', ...ids.map((id) => NAMES[id])]
  return [
    head,
    ...rowsOf((id) => ids.map((measure) => shown(figureOf(measures[measure], id, (s) => s.cpuUs)))),
  ]
}

function latencyTable({ measures, hold }: Figures): Row[] {
  const head = [
    'subject',
    'p50, ms',
    'p99, ms',
    'peak RSS per stream, KiB',
    'the same, process just started',
    'CPU per paced chunk, µs',
    'delivered',
  ]
  const rows = rowsOf((id) => {
    const delivered = figureOf(hold, id, (sample) => sample.delivered)
    return [
      shown(figureOf(measures.first, id, (sample) => sample.p50)),
      shown(figureOf(measures.first, id, (sample) => sample.p99)),
      shown(figureOf(hold, id, (sample) => sample.rssKib)),
      shown(figureOf(hold, id, (sample) => sample.coldRssKib)),
      shown(figureOf(hold, id, (sample) => sample.cpuUsPerChunk)),
      delivered === undefined ? ABSENT : `${(delivered.value * 100).toFixed(0)} %`,
    ]
  })
  return [head, ...rows]
}

function startupTable({ startup }: Figures): Row[] {
  const head = [
    'subject',
    'import, ms (ratio to the AI SDK)',
    'import and first answer, ms (ratio to the AI SDK)',
  ]
  const rows = rowsOf((id) => [
    shown(figureOf(startup, id, (sample) => sample.importMs, 'ai-sdk')),
    shown(figureOf(startup, id, (sample) => sample.firstAnswerMs, 'ai-sdk')),
  ])
  return [head, ...rows]
}

function bundleTable({ bundles }: Figures): Row[] {
  const rows = bundles.map(({ title, min, gzip }) => [title, number(min / 1_000), number(gzip / 1_000)])
  return [['package', 'min', 'min+gzip'], ...rows]
}

function barTable(bars: readonly Bar[]): Row[] {
  const rows = bars.map(({ says, most, is, unit, holds }) => [
    says,
    `${most} ${unit}`,
    `${number(is)} ${unit}`,
    holds ? 'holds' : 'DOES NOT HOLD',
  ])
  return [['bar', 'at most', 'this run', ''], ...rows]
}

function rowsOf(cells: (id: SubjectId) => readonly string[]): Row[] {
  return subjects.map(({ id, title }) => [title, ...cells(id)])
}

function shown(figure: Figure | undefined): string {
  if (figure === undefined) return ABSENT
  return `${number(figure.value)} (${figure.ratio.toFixed(2)}×)`
}

function number(value: number): string {
  if (Number.isNaN(value)) return ABSENT
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

function table([head = [], ...rows]: readonly Row[]): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: Row): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join(
    '\n',
  )
}

/** Medians as plain data, for `--json`. */
export function toJson(figures: Figures): object {
  const all = <T>(samples: Samples<T>, read: (sample: T) => number | undefined): object =>
    Object.fromEntries(subjects.map(({ id }) => [id, figureOf(samples, id, read)]))
  const { measures, hold, startup, bundles } = figures
  return {
    node: process.version,
    cpuUs: Object.fromEntries(
      Object.entries(measures).map(([id, samples]) => [id, all(samples, (sample) => sample.cpuUs)]),
    ),
    firstChunkMs: { p50: all(measures.first, ({ p50 }) => p50), p99: all(measures.first, ({ p99 }) => p99) },
    rssKibPerStream: all(hold, ({ rssKib }) => rssKib),
    coldRssKibPerStream: all(hold, ({ coldRssKib }) => coldRssKib),
    pacedCpuUsPerChunk: all(hold, ({ cpuUsPerChunk }) => cpuUsPerChunk),
    importMs: all(startup, ({ importMs }) => importMs),
    firstAnswerMs: all(startup, ({ firstAnswerMs }) => firstAnswerMs),
    bundles,
    bars: judge(figures),
  }
}
