import type { LlmError } from '../core/error.ts'
import { callSafely } from '../core/host-function.ts'
import type { KeySource } from '../core/secret.ts'
import type { StageContext } from '../core/stage-context.ts'
import type { Cooldown, CooldownSync } from '../core/cooldown-sync.ts'
import { drawOf } from './draw.ts'
import { createKeyPool, type KeyPool } from './key-pool.ts'

/** The key pools of the providers that have several API keys. Their cooldowns are shared if a sync is configured. */
export class KeyPools {
  readonly #pools = new Map<string, KeyPool<KeySource>>()
  readonly #sync: CooldownSync | undefined
  readonly #unsubscribe: (() => void) | undefined

  constructor({ targets, clock }: StageContext, sync: CooldownSync | undefined) {
    this.#sync = sync
    for (const provider of targets.keyed) {
      const keys = targets.keysOf(provider)
      if (keys !== undefined) this.#pools.set(provider, createKeyPool(keys, clock))
    }
    this.#unsubscribe = this.isEmpty ? undefined : sync?.subscribe((cooldown) => this.#cooldown(cooldown))
  }

  get isEmpty(): boolean {
    return this.#pools.size === 0
  }

  /** Returns the next key of a provider, for a conversation always the same while available; `undefined` if it has a single key. */
  next(
    provider: string,
    conversationId?: string,
  ): { readonly key: KeySource; readonly index: number } | undefined {
    const draw = conversationId === undefined ? undefined : drawOf(conversationId)()
    return this.#pools.get(provider)?.next(draw)
  }

  /** Returns the number of keys of a provider. */
  sizeOf(provider: string): number {
    return this.#pools.get(provider)?.size ?? 1
  }

  /** Whether a provider with several keys has one that is available now. */
  hasAvailable(provider: string): boolean {
    return this.#pools.get(provider)?.hasAvailable === true
  }

  /** Records how an attempt with a key ended, and publishes the cooldown that follows. */
  report(provider: string, index: number, error: LlmError | undefined): void {
    const cooldownMs = this.#pools.get(provider)?.report(index, error) ?? 0
    if (cooldownMs > 0)
      callSafely(() =>
        this.#sync?.publish({ subject: `${provider}#${index}`, cooldownMs, reason: error?.kind }),
      )
  }

  close(): void {
    callSafely(() => this.#unsubscribe?.())
  }

  // An index means the same key in every process, because all list a provider's keys in the same order.
  #cooldown({ subject, cooldownMs }: Cooldown): void {
    const [, provider = '', index = ''] = /^([^/]+)#(\d+)$/.exec(subject) ?? []
    this.#pools.get(provider)?.cooldown(Number(index), cooldownMs)
  }
}
