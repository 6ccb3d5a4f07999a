import { checkArguments, argument, optional } from '../core/check-arguments.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField } from '../core/port-fields.ts'
import { flag, kind, orInfinity, positiveMilliseconds, required } from '../core/schema.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { Approvals, Decision, PendingCall } from './approval-types.ts'

/** Options of {@link createApprovals}. */
export interface ApprovalsOptions {
  /** Key of the signatures: at least 32 characters that only servers of the application know. */
  readonly secret: string
  /** How long a decision is valid, in ms. Default one day; `Infinity`: for ever. */
  readonly maxAgeMs?: number | undefined
  readonly clock?: Clock | undefined
}

const DAY_MS = 86_400_000
const MIN_SECRET = 32

const approvalsSchema = optionsSchema<ApprovalsOptions>()(() => ({
  secret: required(
    kind(`text of at least ${MIN_SECRET} characters`, (v) => typeof v === 'string' && v.length >= MIN_SECRET),
  ),
  maxAgeMs: orInfinity(positiveMilliseconds),
  clock: clockField,
}))

/** Creates what signs and checks decisions, by HMAC-SHA-256 over run, call, arguments and decider. Throws `misconfigured`. */
export function createApprovals(options: ApprovalsOptions): Approvals {
  checkOptions('createApprovals', approvalsSchema, options)
  const { secret, maxAgeMs = DAY_MS, clock = systemClock } = options
  const bytes = new TextEncoder()
  let key: ReturnType<typeof crypto.subtle.importKey> | undefined
  const keyOf = (): NonNullable<typeof key> =>
    (key ??= crypto.subtle.importKey('raw', bytes.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
      'verify',
    ]))
  return {
    decide: async (call, decision) => {
      checkCall('approvals.decide', call)
      checkArguments(
        'approvals.decide',
        { approved: required(flag), decidedBy: argument.text, reason: optional.text },
        decision,
      )
      const { approved, decidedBy, reason } = decision
      const { runId, toolCallId } = call
      const decided = { runId, toolCallId, approved, decidedBy, reason, decidedAt: clock.epochMs() }
      const signed = await crypto.subtle.sign('HMAC', await keyOf(), bytes.encode(signedText(call, decided)))
      return { ...decided, signature: hexOf(new Uint8Array(signed)) }
    },
    check: async (call, decision) => {
      checkCall('approvals.check', call)
      checkArguments('approvals.check', decisionFields, decision)
      const text = bytes.encode(signedText(call, decision))
      const isOurs = await crypto.subtle.verify('HMAC', await keyOf(), bytesOfHex(decision.signature), text)
      if (!isOurs || decision.runId !== call.runId || decision.toolCallId !== call.toolCallId)
        throw refused(call, 'was not signed for this call, or was altered')
      const age = clock.epochMs() - decision.decidedAt
      if (age > maxAgeMs) throw refused(call, `is older than ${maxAgeMs} ms`)
    },
  }
}

const decisionFields = {
  runId: argument.text,
  toolCallId: argument.text,
  approved: required(flag),
  decidedBy: argument.text,
  decidedAt: argument.number,
  reason: optional.text,
  signature: argument.text,
}

function checkCall(where: string, call: PendingCall): void {
  checkArguments(where, { runId: argument.text, toolCallId: argument.text, name: argument.text }, call)
}

function refused({ runId, toolCallId }: PendingCall, problem: string): LlmError {
  const message = `the decision about the call "${toolCallId}" of the run "${runId}" ${problem}; decide again`
  return new LlmError('unauthorized', message, { code: 'decision-refused' })
}

function signedText(call: PendingCall, decision: Omit<Decision, 'signature'>): string {
  const { runId, step, toolCallId, name, arguments: args } = call
  const { approved, decidedBy, reason = '', decidedAt } = decision
  return canonicalJson([1, runId, step, toolCallId, name, args, approved, decidedBy, reason, decidedAt])
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOfHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/[\da-f]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16))
}
