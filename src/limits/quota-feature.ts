import { abortableDelay } from '../core/abortable-delay.ts'
import type { Call } from '../core/call.ts'
import type { CooldownSync } from '../core/cooldown-sync.ts'
import { LlmError } from '../core/error.ts'
import type { Feature } from '../core/feature.ts'
import { callSafely } from '../core/host-function.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { syncField } from '../core/port-fields.ts'
import { group, milliseconds, type Group } from '../core/schema.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { StageContext } from '../core/stage-context.ts'
import { stageOrder, type Next, type Stage } from '../core/stage.ts'
import type { Targets } from '../core/targets.ts'
import { estimateCall } from '../core/tokens.ts'
import type { HttpResponse } from '../core/wire.ts'
import { createProviderQuota, type ProviderQuota, type QuotaCharge } from './provider-quota.ts'

/** Delays attempts before a provider rejects them, by its rate-limit headers and earlier rejections. */
export interface QuotaOptions {
  /**
   * Maximum wait for a provider's quota in ms. For a longer wait the next target is tried, or the call fails with
   * `rate-limited`. Default 10 000.
   */
  readonly maxWaitMs?: number | undefined
  /** Maximum age of a value from a header in ms. Default 60 000. */
  readonly maxAgeMs?: number | undefined
}

/** The schema of {@link QuotaOptions}. */
export const quotasSchema: Group = optionsSchema<QuotaOptions>()(() => ({
  maxWaitMs: milliseconds,
  maxAgeMs: milliseconds,
}))
const sharedSchema = group(() => ({ cooldownSync: syncField }))

/**
 * Delays attempts while the rate limit of their provider is used up. `cooldownSync` shares the cooldowns that providers ask for
 * with other processes. Calls with their own key are not delayed. Throws `misconfigured` if an option is not valid.
 */
export function providerQuotas(
  options: QuotaOptions = {},
  shared: { readonly cooldownSync?: CooldownSync | undefined } = {},
): Feature {
  checkOptions('providerQuotas', quotasSchema, options)
  checkOptions('providerQuotas', sharedSchema, shared)
  return {
    name: 'quotas',
    mount: (context) => {
      const stage = new QuotaStage(context, options, shared.cooldownSync)
      return { stages: [stage], close: () => stage.close() }
    },
  }
}

type ResponseHead = Pick<HttpResponse, 'status' | 'header'>

class QuotaStage implements Stage {
  readonly name = 'quotas'
  readonly at = 'attempt'
  readonly order = stageOrder.providerQuota
  readonly endsWithCall = true
  readonly #targets: Targets
  readonly #quota: ProviderQuota
  readonly #maxWaitMs: number
  readonly #sync: CooldownSync | undefined
  readonly #unsubscribe: (() => void) | undefined

  constructor(
    { clock, targets }: StageContext,
    { maxWaitMs = 10_000, maxAgeMs }: QuotaOptions,
    sync: CooldownSync | undefined,
  ) {
    this.#targets = targets
    this.#maxWaitMs = maxWaitMs
    this.#quota = createProviderQuota({ clock, maxAgeMs })
    this.#sync = sync
    this.#unsubscribe = sync?.subscribe(({ subject, cooldownMs }) => {
      if (subject.includes('/')) this.#quota.block(subject, cooldownMs)
    })
  }

  close(): void {
    callSafely(() => this.#unsubscribe?.())
  }

  async run(call: Call, next: Next): Promise<ResponseStream> {
    const name = this.#nameOf(call)
    if (name === undefined) return next(call)
    const charge = chargeOf(call)
    const waitMs = this.#quota.waitMs(name, charge)
    if (waitMs > this.#maxWaitMs) throw quotaError(call, waitMs)
    if (waitMs > 0) await abortableDelay(call, waitMs)
    const sent = this.#quota.send(name, charge)
    let head: ResponseHead | undefined
    try {
      const reply = await next({ ...call, onResponseHead: (response) => (head = response) })
      if (head === undefined) sent.noResponse()
      else sent.onResponse(head)
      return reply
    } catch (error) {
      if (head === undefined) sent.noResponse()
      else sent.onResponse({ ...head, header: head.header, retryAfterMs: retryAfterOf(error) })
      if (LlmError.is(error, 'rate-limited')) this.#publish(name, error)
      throw error
    }
  }

  #publish(name: string, error: LlmError): void {
    const cooldownMs = this.#sync === undefined ? 0 : this.#quota.snapshot(name).blockedMs
    if (cooldownMs > 0)
      callSafely(() => this.#sync?.publish({ subject: name, cooldownMs, reason: error.kind }))
  }

  // Every key has its own quota. Returns `undefined` if the request has its own key.
  #nameOf({ target, apiKey, hasOwnCredentials, candidates }: Call): string | undefined {
    const { provider, name } = target
    if (hasOwnCredentials && provider === candidates[0]?.provider) return undefined
    const keys = this.#targets.keysOf(provider)
    const index = keys !== undefined && apiKey !== undefined ? keys.indexOf(apiKey) : -1
    return index < 0 ? name : `${name}#${index}`
  }
}

function retryAfterOf(error: unknown): number | undefined {
  return LlmError.is(error) ? error.retryAfterMs : undefined
}

function chargeOf(call: Call): QuotaCharge {
  return { inputTokens: estimateCall(call, '').inputTokens, maxTokens: call.settings.maxTokens }
}

function quotaError({ target, previousAttempts }: Call, retryAfterMs: number): LlmError {
  const { provider, model } = target
  const message = `${provider} (${model}): the provider's quota is used up according to its rate-limit headers; retry after ${Math.ceil(retryAfterMs)} ms`
  return new LlmError('rate-limited', message, { provider, model, retryAfterMs, attempts: previousAttempts })
}
