/** One line of a difference: kept, removed or added. */
export interface DiffLine {
  readonly kind: ' ' | '-' | '+'
  readonly text: string
}

/** Lines beyond which two texts are compared as a whole, because the table of a comparison grows with their product. */
const MAX_CELLS = 4_000_000
const CONTEXT = 3

/** The unified difference of two texts of one file; empty if they are equal. An absent text is a file that does not exist. */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined): string {
  const lines = compareLines(linesOf(before), linesOf(after))
  if (lines.every(({ kind }) => kind === ' ') && (before === undefined) === (after === undefined)) return ''
  const from = before === undefined ? '/dev/null' : `a/${path}`
  const to = after === undefined ? '/dev/null' : `b/${path}`
  return [`--- ${from}`, `+++ ${to}`, ...hunks(lines)].join('\n') + '\n'
}

function linesOf(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return []
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
}

/** The lines of two texts as one list, by the longest sequence of lines that both have. */
function compareLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  const most = Math.min(before.length, after.length) - start
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end++
  const old = before.slice(start, before.length - end)
  const next = after.slice(start, after.length - end)
  return [
    ...before.slice(0, start).map((text): DiffLine => ({ kind: ' ', text })),
    ...(old.length * next.length > MAX_CELLS ? replaced(old, next) : aligned(old, next)),
    ...before.slice(before.length - end).map((text): DiffLine => ({ kind: ' ', text })),
  ]
}

function replaced(old: readonly string[], next: readonly string[]): readonly DiffLine[] {
  return [
    ...old.map((text): DiffLine => ({ kind: '-', text })),
    ...next.map((text): DiffLine => ({ kind: '+', text })),
  ]
}

function aligned(old: readonly string[], next: readonly string[]): readonly DiffLine[] {
  const width = next.length + 1
  const common = new Uint32Array((old.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = next.length - 1; j >= 0; j--)
      common[i * width + j] = old[i] === next[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < next.length) {
    const [left, right] = [old[i], next[j]]
    if (left !== undefined && left === right) {
      lines.push({ kind: ' ', text: left })
      i++
      j++
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: '-', text: left })
      i++
    } else {
      lines.push({ kind: '+', text: right ?? '' })
      j++
    }
  }
  return lines
}

/** The changed places with three lines around each. */
function hunks(lines: readonly DiffLine[]): readonly string[] {
  const near = new Set<number>()
  for (const [at, { kind }] of lines.entries())
    if (kind !== ' ') for (let i = at - CONTEXT; i <= at + CONTEXT; i++) near.add(i)
  const text: string[] = []
  let [old, next] = [0, 0]
  for (let at = 0; at < lines.length;) {
    if (!near.has(at)) {
      old++
      next++
      at++
      continue
    }
    let end = at
    while (end < lines.length && near.has(end)) end++
    const hunk = lines.slice(at, end)
    const [removed, added] = ['+', '-'].map((other) => hunk.filter(({ kind }) => kind !== other).length)
    text.push(
      `@@ -${place(old, removed)} +${place(next, added)} @@`,
      ...hunk.map((line) => line.kind + line.text),
    )
    old += removed ?? 0
    next += added ?? 0
    at = end
  }
  return text
}

function place(before: number, count = 0): string {
  return `${count === 0 ? before : before + 1},${count}`
}
