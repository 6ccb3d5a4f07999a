import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Stage } from '../core/stage.ts'
import type { WireReply } from '../core/wire.ts'
import { createProviderQuota, type QuotaCharge } from '../limits/index.ts'
import { estimateUsage } from '../observability/index.ts'
import type { QuotaOptions } from './config.ts'
import type { HostParts } from './open-call.ts'
import { pause } from './pause.ts'

/** One stage per try: waits for room at the target, and learns from its answer. */
export function createQuotaStage({ clock }: HostParts, { maxWaitMs = 10_000, trustMs }: QuotaOptions): Stage {
  const quota = createProviderQuota({ clock, trustMs })
  return async (call, next) => {
    const { provider, model } = call.target
    const name = `${provider}/${model}`
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
      throw error
    }
  }
}

function chargeOf({ messages, settings }: Call): QuotaCharge {
  return { inputTokens: estimateUsage(messages, '').inputTokens, maxTokens: settings.maxTokens }
}

function heldBack({ target, tried }: Call, retryAfterMs: number): LlmError {
  const { provider, model } = target
  const message = `${provider} (${model}): held back, its quota is used up for ${Math.ceil(retryAfterMs)} ms by what it told itself`
  return new LlmError('rate-limited', message, { provider, model, retryAfterMs, attempts: tried })
}
