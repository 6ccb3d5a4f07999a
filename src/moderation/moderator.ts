import type { ParentCall } from '../core/parent-call.ts'

/** Action for a finding. `pass` exempts the match from later rules, `warn` only emits an event. */
export type ModerationAction = 'pass' | 'warn' | 'redact' | 'block'

/** Direction of a text: a user message or a response. */
export type ModerationSource = 'input' | 'output'

/** The call that a text belongs to. */
export interface ModerationContext {
  readonly source: ModerationSource
  readonly requestId?: string | undefined
  readonly userId?: string | undefined
  readonly conversationId?: string | undefined
  /** Aborts when `timeoutMs` has passed or the call ends. */
  readonly signal?: AbortSignal | undefined
  /**
   * The moderated call, for calls that the moderator makes: `orchestrator.chatApiCall({ …, parent })`. Without it, such a call
   * waits for the slot that the moderated call holds.
   */
  readonly parent?: ParentCall | undefined
}

/** A finding in a text. Contains none of the text. */
export interface ModerationFinding {
  /** The rule that matched, if the moderator has rules. */
  readonly rule?: string | undefined
  readonly categories: readonly string[]
  /** Action of the rule. Default: the action of the policy. */
  readonly action?: ModerationAction | undefined
  /** Text that replaces the finding. Default: the replacement of the policy. */
  readonly replacement?: string | undefined
  /** Range of the finding, in UTF-16 units. Default: the whole text. */
  readonly start?: number | undefined
  readonly end?: number | undefined
}

/** What happens to a finding under the policy. Without fields, the text stays unchanged. */
export interface ModerationOutcome {
  readonly replacement?: string | undefined
  readonly block?: boolean | undefined
}

/** Reports a finding and returns its outcome under the policy. */
export type JudgeFinding = (finding: ModerationFinding) => ModerationOutcome

/** A settled range of a text, which begins at the end of the previous one: unchanged, or replaced. */
export interface ModeratedRange {
  readonly to: number
  readonly replacement?: string | undefined
}

/** Scans one text that arrives in pieces. */
export interface ModerationScan {
  /** Appends text. */
  push(text: string): void
  /** Marks the end of the text. */
  end(): void
  /** Scans for about `budget` steps and appends settled ranges to `out`. Returns whether all available text is scanned. */
  run(out: ModeratedRange[], budget?: number): boolean
  /** Whether a finding has blocked the text. */
  readonly blocked: boolean
}

/**
 * Finds unwanted content in texts. Has `moderate`, `scan` or both: `scan` reads a stream while it arrives; with
 * `moderate` alone, a stream is held back until the response is complete.
 */
export interface Moderator {
  /** Name in events and errors. */
  readonly name: string
  /** Returns the findings in a whole text. A rejection counts as a failure of the moderator, not as a finding. */
  readonly moderate?:
    | ((
        text: string,
        context: ModerationContext,
      ) => readonly ModerationFinding[] | Promise<readonly ModerationFinding[]>)
    | undefined
  /** Creates a scan for one text. */
  readonly scan?: ((judge: JudgeFinding, context: ModerationContext) => ModerationScan) | undefined
}
