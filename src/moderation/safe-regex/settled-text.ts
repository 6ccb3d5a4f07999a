/** A settled range, which begins at the end of the previous one: unchanged, or replaced. */
export interface SettledRange {
  readonly to: number
  readonly replacement?: string | undefined
}

/** What happens to a match. */
export interface Outcome {
  /** Number of leading UTF-16 units of the match that stay unchanged. Default 0. */
  readonly skip?: number | undefined
  /** Number of UTF-16 units after `skip` that are replaced. Default: the rest of the match. */
  readonly length?: number | undefined
  readonly replacement?: string | undefined
  /** Whether the scan stops here and releases no further text. */
  readonly block?: boolean | undefined
}

/** The settled part of a text. Each method appends to `out` what it settles. */
export class SettledText {
  /** Position up to which the text is settled. */
  end = 0
  /** Whether a match has blocked the text. */
  blocked = false

  /** Settles the text up to a position, unchanged. */
  keep(out: SettledRange[], to: number): void {
    if (to <= this.end) return
    this.end = to
    out.push({ to })
  }

  /** Settles the text before a match, and the match itself if it is replaced. Blocks if `outcome` does. */
  apply(out: SettledRange[], start: number, { length = 0, replacement, block }: Outcome): void {
    this.keep(out, start)
    if (block === true) {
      this.blocked = true
      return
    }
    if (replacement === undefined) return
    this.end = start + length
    out.push({ to: this.end, replacement })
  }

  /** Extends the last range up to a position, or adds one if the last has another replacement. */
  extend(out: SettledRange[], to: number, replacement: string | undefined): void {
    const last = out.at(-1)
    const range = { to, replacement }
    if (last !== undefined && last.replacement === replacement) out[out.length - 1] = range
    else out.push(range)
    this.end = to
  }
}
