/** A range of a text that cannot change any more: unchanged, or replaced. It starts at the end of the previous range. */
export interface SettledRange {
  /** End of the range, in UTF-16 units from the start of the text. */
  readonly to: number
  /** Text to put in its place. Default: the range is unchanged. */
  readonly replacement?: string | undefined
}

/** Scans one text that arrives in pieces. Its result must depend on the text only, not on how it was cut. */
export interface TextScan {
  /** Adds a piece. */
  push(text: string): void
  /** Ends the text. */
  end(): void
  /** Runs for at most about `budget` steps and adds the settled ranges to `out`. Returns whether it is done. */
  run(out: SettledRange[], budget?: number): boolean
  /** Whether a match was found after which no text may be delivered. */
  readonly blocked: boolean
}

/** The kind of text that is scanned. */
export type ScanContext = 'text' | 'reasoning' | 'tool-arguments' | 'citation'

/** Creates the scan of a new text. `again`: whether the same text was scanned before, so that matches are not reported twice. */
export type ScanState = (place: ScanContext, again?: boolean) => TextScan

/** Number of steps after which the scan yields to other work. */
export const STEPS_BETWEEN_YIELDS = 40_000

/** Runs the scan over all text so far and calls `settle` with the settled ranges. Yields between steps. */
export function* runScan(
  scan: TextScan,
  settle: (settled: readonly SettledRange[]) => void,
): Generator<undefined, void> {
  for (;;) {
    const settled: SettledRange[] = []
    const done = scan.run(settled, STEPS_BETWEEN_YIELDS)
    settle(settled)
    if (done) return
    yield undefined
  }
}

/** Redacts a whole text. Returns `undefined` if it is blocked. */
export function* redactWhole(scan: TextScan, text: string): Generator<undefined, string | undefined> {
  scan.push(text)
  scan.end()
  let out = ''
  let from = 0
  yield* runScan(scan, (settled) => {
    for (const { to, replacement } of settled) {
      out += replacement ?? text.slice(from, to)
      from = to
    }
  })
  return scan.blocked ? undefined : out
}
