/** What is done about a finding: `pass` lets it through, also past later rules; `warn` only tells. */
export type ModerationAction = 'pass' | 'warn' | 'redact' | 'block'

/** What a text is part of. */
export type ModerationSource = 'input' | 'output'

/** What a moderator is told besides the text. */
export interface ModerationContext {
  readonly source: ModerationSource
  readonly requestId?: string | undefined
  readonly userId?: string | undefined
  readonly conversationId?: string | undefined
  /** Aborted when the time for this moderator is over, or the call. */
  readonly signal?: AbortSignal | undefined
}

/** Something that was found in a text. Holds none of the text. */
export interface ModerationFinding {
  /** Which rule found it, where the moderator has rules. */
  readonly rule?: string | undefined
  readonly categories: readonly string[]
  /** What the rule asks for. Default: what the policy says. */
  readonly action?: ModerationAction | undefined
  /** What to put in its place. Default: the policy's. */
  readonly replacement?: string | undefined
  /** Where, in UTF-16 units. Default: the whole text. */
  readonly start?: number | undefined
  readonly end?: number | undefined
}

/** What becomes of a finding, by the policy. */
export interface ModerationOutcome {
  readonly replacement?: string | undefined
  readonly block?: boolean | undefined
}

/** Decides on a finding, and notes it. */
export type JudgeFinding = (finding: ModerationFinding) => ModerationOutcome

/** A range of a text that is decided, from the end of the one before: as it was, or with other words in its place. */
export interface ModeratedRange {
  readonly to: number
  readonly replacement?: string | undefined
}

/** Reads one text that arrives in pieces. */
export interface ModerationScan {
  push(text: string): void
  end(): void
  /** Takes about `budget` steps at most and adds what is decided to `out`. False where there is more to do. */
  run(out: ModeratedRange[], budget?: number): boolean
  /** True once something was found that blocks. */
  readonly blocked: boolean
}

/**
 * Judges texts. One of the two ways is enough: `scan` reads a text as it arrives, and a stream flows through it; with
 * `moderate` alone, a stream is held back until its answer is whole.
 */
export interface Moderator {
  /** Told in events and errors. */
  readonly name: string
  /** Judges a whole text. A rejection counts as a failure of the moderator, not as a finding. */
  readonly moderate?:
    | ((
        text: string,
        context: ModerationContext,
      ) => readonly ModerationFinding[] | Promise<readonly ModerationFinding[]>)
    | undefined
  /** Opens a scan for one text. Its state belongs to that text. */
  readonly scan?: ((judge: JudgeFinding, context: ModerationContext) => ModerationScan) | undefined
}
