import { toLlmError, type LlmError } from '../../core/error.ts'
import type { Logger } from '../../core/log.ts'
import type { Usage } from '../../core/response.ts'

/** One interaction, done or failed. Texts are cut. */
export interface AuditEntry {
  readonly id: string
  /** ISO 8601. */
  readonly at: string
  readonly operation: 'send' | 'stream' | 'regenerate' | 'resend'
  readonly result: 'success' | 'failure'
  readonly userId: string
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  readonly conversationId?: string | undefined
  readonly messageId?: string | undefined
  readonly requestId: string
  readonly provider?: string | undefined
  readonly model?: string | undefined
  /** First 500 characters of the user's text. */
  readonly prompt: string
  /** First 1 000 characters of the answer, or of what there was of it. */
  readonly reply?: string | undefined
  readonly usage?: Usage | undefined
  readonly costUsd?: number | null | undefined
  readonly durationMs: number
  readonly error?: { readonly kind: string; readonly message: string } | undefined
}

/** Where interactions are written down. What it throws is counted and goes no further. */
export type AuditSink = (entry: AuditEntry) => void | Promise<void>

export interface AuditOptions {
  readonly sink: AuditSink
  /** Default 500. */
  readonly promptChars?: number | undefined
  /** Default 1 000. */
  readonly replyChars?: number | undefined
}

/** What one interaction has to say before its texts are cut. */
export type AuditFacts = Omit<AuditEntry, 'error'> & { readonly error?: LlmError | undefined }

/** Writes interactions down without ever getting in their way. */
export interface Auditor {
  write(facts: AuditFacts): void
  /** Entries that the sink did not take. */
  readonly failures: number
  /** Ends when everything so far is written. */
  settled(): Promise<void>
}

/** Makes the auditor of a service; without a sink it does nothing. */
export function createAuditor(options: AuditOptions | undefined, logger: Logger | undefined): Auditor {
  let failures = 0
  const open = new Set<Promise<void>>()
  const failed = (error: unknown): void => {
    failures++
    const { message } = toLlmError(error, 'misconfigured', 'the audit sink failed')
    logger?.warn({ failures }, message)
  }
  const run = async (entry: AuditEntry): Promise<void> => {
    try {
      await options?.sink(entry)
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
  const answer = reply === undefined ? undefined : { reply: cut(reply, replyChars) }
  return { ...facts, prompt: cut(prompt, promptChars), ...answer, ...known }
}

/** The first `length` characters; a pair of surrogates is not parted. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  const end = /[\uD800-\uDBFF]/.test(text.charAt(length - 1)) ? length - 1 : length
  return text.slice(0, end)
}
