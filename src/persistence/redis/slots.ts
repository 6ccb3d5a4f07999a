import { systemClock, type Clock, type Timer } from '../../core/clock.ts'
import { newId } from '../../core/create-id.ts'
import type { Logger } from '../../core/log.ts'
import { checkOptions, optionsSchema } from '../../core/options.ts'
import { required, type Group } from '../../core/schema.ts'
import type { SlotStore, SlotCap, SlotLease, SlotRefusal } from '../../queue/index.ts'
import { DEFAULT_PREFIX, DEFAULT_TIMEOUT_MS, keySpace, listen, type ListeningRedisClient } from './client.ts'
import { leaseField, listeningClientField, onDownField, sharedRows } from './redis-fields.ts'
import { idleTimer, ResilientConnection, type ConnectionStats } from './resilient-connection.ts'
import { releaseScript, renewScript, takeScript } from './slot-scripts.ts'

export interface RedisSlotsOptions {
  /** A connected client. The first `onFree` opens a second connection with `duplicate()`, to listen. */
  readonly client: ListeningRedisClient
  /** First part of every key. Processes with the same prefix share their slots. Default `switchyard`. */
  readonly prefix?: string | undefined
  /** Time in ms after which the slots of a crashed process are free again. Default 30 000. */
  readonly leaseMs?: number | undefined
  /**
   * What to do while Redis is down. `fail-open` keeps the same caps in this process alone. `fail-closed` rejects with
   * `overloaded`, code `slots-down`.
   */
  readonly onDown: 'fail-open' | 'fail-closed'
  /** Maximum time for one operation in ms. Default 500. */
  readonly timeoutMs?: number | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

export interface RedisSlots extends SlotStore {
  stats(): RedisSlotsStats
}

export interface RedisSlotsStats extends ConnectionStats {
  /** Leases that this process holds. */
  readonly held: number
  readonly taken: number
  readonly refused: number
}

/** The schema of {@link RedisSlotsOptions}. */
export const redisSlotsSchema: Group = optionsSchema<RedisSlotsOptions>()(() => ({
  ...sharedRows(),
  client: listeningClientField,
  leaseMs: leaseField(10),
  onDown: required(onDownField),
}))

/**
 * Creates a slot store in Redis: a semaphore with leases, which the process renews. Throws `misconfigured` naming the
 * option that is wrong.
 */
export function createRedisSlots(options: RedisSlotsOptions): RedisSlots {
  checkOptions('createRedisSlots', redisSlotsSchema, options)
  return new SlotsOverRedis(options)
}

const DEFAULT_LEASE_MS = 30_000
const RENEWALS_PER_LEASE = 3

class SlotsOverRedis implements RedisSlots {
  readonly #options: RedisSlotsOptions
  readonly #space: string
  readonly #leaseMs: number
  readonly #clock: Clock
  readonly #connection: ResilientConnection
  /** Caps by lease. */
  readonly #held = new Map<string, readonly SlotCap[]>()
  /** Caps by lease, for leases released while Redis was down. */
  readonly #owed = new Map<string, readonly SlotCap[]>()
  readonly #listeners = new Set<() => void>()
  #stopListening: (() => void) | undefined
  #renewal: Timer | undefined
  #taken = 0
  #refused = 0

  constructor(options: RedisSlotsOptions) {
    const { client, prefix = DEFAULT_PREFIX, onDown, logger, clock = systemClock } = options
    this.#options = options
    this.#space = keySpace(prefix, 'slots')
    this.#leaseMs = Math.ceil(options.leaseMs ?? DEFAULT_LEASE_MS)
    this.#clock = clock
    this.#connection = new ResilientConnection({
      client,
      space: this.#space,
      clock,
      logger,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      use: `slots, ${onDown}`,
      onDown: () => undefined,
      onUp: () => this.#reconcile(),
    })
  }

  async take(caps: readonly SlotCap[]): Promise<SlotLease | SlotRefusal> {
    const lease = newId('slot')
    const args = [lease, String(this.#leaseMs), ...caps.map(({ limit }) => String(limit))]
    try {
      const late = (): void => this.#release(lease, caps)
      const reply = await this.#connection.run(takeScript, { keys: this.#keys(caps), args }, late)
      if (reply === 'taken') return this.#lease(lease, caps, () => this.#release(lease, caps))
      this.#refused++
      return { taken: false, used: reply.split(' ').map(Number) }
    } catch (error) {
      return this.#takeWithout(caps, error)
    }
  }

  onFree(listener: () => void): () => void {
    this.#listeners.add(listener)
    const notify = (): void => this.#notifyFree()
    this.#stopListening ??= listen(this.#options.client, `${this.#space}:free`, {
      message: notify,
      ready: notify,
    })
    return () => void this.#listeners.delete(listener)
  }

  stats(): RedisSlotsStats {
    return { ...this.#connection.stats(), held: this.#held.size, taken: this.#taken, refused: this.#refused }
  }

  /** Releases all leases of this process. Leaves the client open. */
  async close(): Promise<void> {
    this.#listeners.clear()
    this.#stopListening?.()
    this.#stopListening = undefined
    this.#stopRenewal()
    const held = [...this.#held]
    this.#held.clear()
    for (const [lease, caps] of held) this.#release(lease, caps)
    await this.#connection.close()
  }

  #keys(caps: readonly SlotCap[]): string[] {
    return caps.map(({ key }) => `${this.#space}:${key}`)
  }

  #takeWithout(caps: readonly SlotCap[], cause: unknown): SlotLease | SlotRefusal {
    if (this.#options.onDown === 'fail-closed') throw this.#connection.downError('slots', 'slots-down', cause)
    const all = [...this.#held.values()].flat()
    const used = caps.map(({ key }) => all.filter((held) => held.key === key).length)
    // A new id, because the one sent to Redis is released if a late reply shows that it was taken.
    const lease = newId('slot')
    if (caps.every(({ limit }, index) => (used[index] ?? 0) < limit))
      return this.#lease(lease, caps, () => this.#releaseLocal(lease, caps))
    this.#refused++
    return { taken: false, used }
  }

  #lease(lease: string, caps: readonly SlotCap[], release: () => void): SlotLease {
    this.#taken++
    this.#held.set(lease, caps)
    if (this.#renewal === undefined) this.#scheduleRenewal()
    return {
      taken: true,
      release: () => {
        if (!this.#held.delete(lease)) return
        release()
        if (this.#held.size === 0) this.#stopRenewal()
      },
    }
  }

  // A release during an outage is sent when Redis is back, unless the lease has expired by then. It is recorded at
  // once, because the reply that ends the outage may be read next.
  #release(lease: string, caps: readonly SlotCap[]): void {
    if (!this.#connection.up) {
      this.#owed.set(lease, caps)
      this.#notifyFree()
      return
    }
    const args = [lease, `${this.#space}:free`]
    this.#connection
      .run(releaseScript, { keys: this.#keys(caps), args })
      .catch(() => this.#release(lease, caps))
  }

  // Redis may know a lease that was taken without it, because renewals include it after the outage.
  #releaseLocal(lease: string, caps: readonly SlotCap[]): void {
    if (this.#connection.up) this.#release(lease, caps)
    else this.#notifyFree()
  }

  #reconcile(): void {
    const owed = [...this.#owed]
    this.#owed.clear()
    for (const [lease, caps] of owed) this.#release(lease, caps)
    void this.#renew()
    this.#notifyFree()
  }

  #scheduleRenewal(): void {
    const renew = (): void => {
      this.#scheduleRenewal()
      void this.#renew()
    }
    this.#renewal = idleTimer(this.#clock, renew, this.#leaseMs / RENEWALS_PER_LEASE)
  }

  #stopRenewal(): void {
    this.#clock.clearTimer(this.#renewal)
    this.#renewal = undefined
  }

  // A failed renewal is repeated by the next one, or after the outage.
  async #renew(): Promise<void> {
    const kept = [...this.#held].flatMap(([lease, caps]) =>
      this.#keys(caps).map((key) => [key, lease] as const),
    )
    if (kept.length === 0) return
    const args = [String(this.#leaseMs), ...kept.map(([, lease]) => lease)]
    await this.#connection.run(renewScript, { keys: kept.map(([key]) => key), args }).catch(() => undefined)
  }

  #notifyFree(): void {
    for (const listener of this.#listeners) listener()
  }
}
