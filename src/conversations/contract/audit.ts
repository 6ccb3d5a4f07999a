import type { Clock } from '../../core/clock.ts'
import { LlmError, toLlmError } from '../../core/error.ts'
import { inTime } from '../../core/host-function.ts'
import type { Logger } from '../../core/log.ts'
import { optionsSchema } from '../../core/options.ts'
import { callable, count, orInfinity, required, type Group } from '../../core/schema.ts'
import type { Usage } from '../../core/response.ts'

/** The record of one turn, successful or failed. */
export interface AuditEntry {
  readonly id: string
  /** Time of the end, in ISO 8601. */
  readonly at: string
  readonly operation: 'send' | 'stream' | 'regenerate' | 'resend' | 'continue'
  readonly result: 'success' | 'failure'
  readonly userId: string
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  readonly conversationId?: string | undefined
  readonly messageId?: string | undefined
  readonly requestId: string
  readonly provider?: string | undefined
  readonly model?: string | undefined
  /** The user's text, cut to `promptChars`. */
  readonly prompt: string
  /** The answer, or the part received before an error, cut to `replyChars`. */
  readonly reply?: string | undefined
  readonly usage?: Usage | undefined
  /** In US dollars; `null` if unknown. */
  readonly costUsd?: number | null | undefined
  readonly durationMs: number
  readonly error?: { readonly kind: string; readonly message: string } | undefined
}

/** Called with the audit entry of every turn. Errors of the sink are logged and do not fail the turn; it may take 10 s. */
export type AuditSink = (entry: AuditEntry) => void | Promise<void>

/** Options of the audit. */
export interface AuditOptions {
  readonly sink: AuditSink
  /** Maximum length of `prompt` in characters. Default 500; `Infinity` for no maximum. */
  readonly promptChars?: number | undefined
  /** Maximum length of `reply` in characters. Default 1 000; `Infinity` for no maximum. */
  readonly replyChars?: number | undefined
}

/** The schema of {@link AuditOptions}. */
export const auditSchema: Group = optionsSchema<AuditOptions>()(() => ({
  sink: required(callable),
  promptChars: orInfinity(count),
  replyChars: orInfinity(count),
}))

/** An audit entry before its texts are cut. */
export type AuditFacts = Omit<AuditEntry, 'error'> & { readonly error?: LlmError | undefined }

const SINK_MS = 10_000
const late = (): LlmError => new LlmError('timeout', `it did not answer within ${SINK_MS} ms`)

/** Passes entries to the audit sink without delaying or failing a turn. */
export interface Auditor {
  write(facts: AuditFacts): void
  /** Number of entries for which the sink failed. */
  readonly failures: number
  /** Resolves when all entries so far are written. */
  settled(): Promise<void>
}

/** Creates the auditor of a chat service. Without options it does nothing. */
export function createAuditor(
  options: AuditOptions | undefined,
  { logger, clock }: { readonly logger: Logger | undefined; readonly clock: Clock },
): Auditor {
  let failures = 0
  const open = new Set<Promise<void>>()
  const failed = (error: unknown): void => {
    failures++
    const { message } = toLlmError(error, 'misconfigured', 'the audit sink failed')
    logger?.warn({ failures }, message)
  }
  const run = async (entry: AuditEntry): Promise<void> => {
    try {
      if (options !== undefined) await inTime(options.sink(entry), { clock, ms: SINK_MS, late })
    } catch (error) {
      failed(error)
    }
  }
  return {
    write: (facts) => {
      if (options === undefined) return
      const done = run(entryOf(facts, options)).finally(() => open.delete(done))
      open.add(done)
    },
    get failures() {
      return failures
    },
    settled: async () => {
      await Promise.all(open)
    },
  }
}

function entryOf(
  { error, prompt, reply, ...facts }: AuditFacts,
  { promptChars = 500, replyChars = 1_000 }: AuditOptions,
): AuditEntry {
  const known = error === undefined ? undefined : { error: { kind: error.kind, message: error.message } }
  const answer = reply === undefined ? undefined : { reply: truncate(reply, replyChars) }
  return { ...facts, prompt: truncate(prompt, promptChars), ...answer, ...known }
}

/** The first `length` characters, or one less if that would split a surrogate pair. */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text
  const end = /[\uD800-\uDBFF]/.test(text.charAt(length - 1)) ? length - 1 : length
  return text.slice(0, end)
}
