import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Stage } from '../core/stage.ts'
import type { HttpResponse } from '../core/wire.ts'
import { createProviderQuota, type QuotaCharge } from './index.ts'
import { estimateUsage } from '../observability/index.ts'
import type { QuotaOptions } from '../orchestrator/config.ts'
import { isKeyList, type OrchestratorContext } from '../orchestrator/create-call.ts'
import { abortableDelay } from '../core/abortable-delay.ts'

/**
 * One stage per try: waits for room at the target, and learns from its answer. What a provider refuses is told to other
 * processes, and what they were refused is believed. A request's own key has quotas of its own, which nobody else minds.
 */
export function createQuotaStage(
  host: OrchestratorContext,
  { maxWaitMs = 10_000, maxAgeMs: trustMs }: QuotaOptions,
): { readonly stage: Stage; readonly close: () => void } {
  const { clock } = host
  const { cooldownSync: restSync } = host.options
  const quota = createProviderQuota({ clock, trustMs })
  const close = restSync?.subscribe(({ subject, cooldownMs: restMs }) => {
    if (subject.includes('/')) quota.block(subject, restMs)
  })
  const stage: Stage = async (call, next) => {
    const name = nameOf(host, call)
    if (name === undefined) return next(call)
    const charge = chargeOf(call)
    const waitMs = quota.waitMs(name, charge)
    if (waitMs > maxWaitMs) throw heldBack(call, waitMs)
    if (waitMs > 0) await abortableDelay(call, waitMs)
    const sent = quota.send(name, charge)
    let head: Pick<HttpResponse, 'status' | 'header'> | undefined
    try {
      const reply = await next({ ...call, onResponseHead: (answer) => (head = answer) })
      if (head === undefined) sent.noResponse()
      else sent.onResponse(head)
      return reply
    } catch (error) {
      if (head === undefined) sent.noResponse()
      else
        sent.onResponse({
          ...head,
          header: head.header,
          retryAfterMs: LlmError.is(error) ? error.retryAfterMs : undefined,
        })
      if (restSync !== undefined && LlmError.is(error, 'rate-limited')) {
        const restMs = quota.snapshot(name).blockedMs
        if (restMs > 0) restSync.publish({ subject: name, cooldownMs: restMs, reason: error.kind })
      }
      throw error
    }
  }
  return { stage, close: () => close?.() }
}

// Each of several keys has quotas of its own. `undefined`: the request brought its own.
function nameOf(
  { access }: OrchestratorContext,
  { target, apiKey, hasOwnCredentials: accessGiven, candidates }: Call,
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

function heldBack({ target, previousAttempts: tried }: Call, retryAfterMs: number): LlmError {
  const { provider, model } = target
  const message = `${provider} (${model}): held back, its quota is used up for ${Math.ceil(retryAfterMs)} ms by what it told itself`
  return new LlmError('rate-limited', message, { provider, model, retryAfterMs, attempts: tried })
}
