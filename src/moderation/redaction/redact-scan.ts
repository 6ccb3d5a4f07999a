/** A range of a text that is decided, from the end of the one before: as it was, or with other words in its place. */
export interface SettledRange {
  /** In UTF-16 units from the beginning of the text. */
  readonly to: number
  readonly replacement?: string | undefined
}

/** Reads one text that arrives in pieces. What it decides must depend on the text alone, not on where it was cut. */
export interface TextScan {
  push(text: string): void
  end(): void
  /** Takes about `budget` steps at most and adds what is decided to `out`. False where there is more to do. */
  run(out: SettledRange[], budget?: number): boolean
  /** True once something was found after which nothing may be given any more. */
  readonly blocked: boolean
}

/** What kind of text is read. */
export type ScanContext = 'text' | 'reasoning' | 'tool-arguments' | 'citation'

/** Opens a scan for a new text. `again`: the same text was read before, so that what is found is no news. */
export type ScanState = (place: ScanContext, again?: boolean) => TextScan

/** Steps between two chances for others to run. */
export const STEPS_BETWEEN_YIELDS = 40_000

/** Runs the scan as far as it comes, and hands over what is decided turn by turn; gives way by `yield`. */
export function* runScan(
  scan: TextScan,
  settle: (decided: readonly SettledRange[]) => void,
): Generator<undefined, void> {
  for (;;) {
    const decided: SettledRange[] = []
    const done = scan.run(decided, STEPS_BETWEEN_YIELDS)
    settle(decided)
    if (done) return
    yield undefined
  }
}

/** A whole text; `undefined` where it is blocked. */
export function* redactWhole(scan: TextScan, text: string): Generator<undefined, string | undefined> {
  scan.push(text)
  scan.end()
  let out = ''
  let from = 0
  yield* runScan(scan, (decided) => {
    for (const { to, replacement } of decided) {
      out += replacement ?? text.slice(from, to)
      from = to
    }
  })
  return scan.blocked ? undefined : out
}
