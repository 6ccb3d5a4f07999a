import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Stage } from '../core/stage.ts'
import type { WireReply } from '../core/wire.ts'
import { createProviderQuota, type QuotaCharge } from '../limits/index.ts'
import { estimateUsage } from '../observability/index.ts'
import type { QuotaOptions } from './config.ts'
import { isKeyList, type HostParts } from './open-call.ts'
import { pause } from './pause.ts'

/**
 * One stage per try: waits for room at the target, and learns from its answer. What a provider refuses is told to other
 * processes, and what they were refused is believed. A request's own key has quotas of its own, which nobody else minds.
 */
export function createQuotaStage(
  host: HostParts,
  { maxWaitMs = 10_000, trustMs }: QuotaOptions,
): { readonly stage: Stage; readonly close: () => void } {
  const { clock } = host
  const { restSync } = host.options
  const quota = createProviderQuota({ clock, trustMs })
  const close = restSync?.subscribe(({ subject, restMs }) => {
    if (subject.includes('/')) quota.block(subject, restMs)
  })
  const stage: Stage = async (call, next) => {
    const name = nameOf(host, call)
    if (name === undefined) return next(call)
    const charge = chargeOf(call)
    const waitMs = quota.waitMs(name, charge)
    if (waitMs > maxWaitMs) throw heldBack(call, waitMs)
    if (waitMs > 0) await pause(call, waitMs)
    const sent = quota.send(name, charge)
    let head: Pick<WireReply, 'status' | 'header'> | undefined
    try {
      const reply = await next({ ...call, onAnswer: (answer) => (head = answer) })
      if (head === undefined) sent.dropped()
      else sent.answered(head)
      return reply
    } catch (error) {
      if (head === undefined) sent.dropped()
      else
        sent.answered({
          ...head,
          header: head.header,
          retryAfterMs: LlmError.is(error) ? error.retryAfterMs : undefined,
        })
      if (restSync !== undefined && LlmError.is(error, 'rate-limited')) {
        const restMs = quota.snapshot(name).blockedMs
        if (restMs > 0) restSync.publish({ subject: name, restMs, reason: error.kind })
      }
      throw error
    }
  }
  return { stage, close: () => close?.() }
}

// Each of several keys has quotas of its own. `undefined`: the request brought its own.
function nameOf(
  { access }: HostParts,
  { target, apiKey, accessGiven, candidates }: Call,
): string | undefined {
  const { provider, model } = target
  if (accessGiven && provider === candidates[0]?.provider) return undefined
  const keys = access.get(provider)?.apiKey
  const index = isKeyList(keys) && apiKey !== undefined ? keys.indexOf(apiKey) : -1
  return index < 0 ? `${provider}/${model}` : `${provider}/${model}#${index}`
}

function chargeOf({ messages, settings }: Call): QuotaCharge {
  return { inputTokens: estimateUsage(messages, '').inputTokens, maxTokens: settings.maxTokens }
}

function heldBack({ target, tried }: Call, retryAfterMs: number): LlmError {
  const { provider, model } = target
  const message = `${provider} (${model}): held back, its quota is used up for ${Math.ceil(retryAfterMs)} ms by what it told itself`
  return new LlmError('rate-limited', message, { provider, model, retryAfterMs, attempts: tried })
}
