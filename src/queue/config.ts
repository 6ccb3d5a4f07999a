import { LlmError } from '../core/error.ts'
import type { SlotStore } from './slot-store.ts'

/** Priority of a call. */
export type Priority = 'critical' | 'high' | 'normal' | 'low'

/** All priorities, the most urgent first. */
export const priorities: readonly Priority[] = ['critical', 'high', 'normal', 'low']

/** Options of the queue. */
export interface QueueConfig {
  /** Maximum number of running calls. Default 10. */
  readonly concurrency?: number | undefined
  /** Maximum number of waiting calls; further calls are rejected. Default 100; 0 turns waiting off. */
  readonly maxPending?: number | undefined
  /** Maximum wait in ms. Default 300 000; 0 means no maximum. A call that has waited longer never runs. */
  readonly timeoutMs?: number | undefined
  /** Maximum number of running calls per provider: one number for all, or a number by provider. Default: off. */
  readonly perProvider?: number | Readonly<Record<string, number>> | undefined
  /** Maximum number of running calls per user, for calls that carry a user. Default: off. */
  readonly perUser?: number | undefined
  /**
   * Counts `concurrency`, `perProvider` and `perUser` over all processes. Each process still orders its own waiting
   * calls. Default: every process counts for itself.
   */
  readonly slots?: SlotStore | undefined
  /**
   * Bound in ms within which a call of any priority starts, however many more urgent calls arrive. After half of it,
   * every second free slot goes to the call that has waited longest. Default 15 000; 0 makes priority strict.
   */
  readonly agingMs?: number | undefined
}

/** A checked config with defaults. */
export type QueueSettings = Required<Omit<QueueConfig, 'slots'>> & {
  readonly perProvider: number | Readonly<Record<string, number>>
  readonly slots: SlotStore | undefined
}

const DEFAULTS = {
  concurrency: 10,
  maxPending: 100,
  timeoutMs: 300_000,
  perProvider: {},
  perUser: Infinity,
  slots: undefined,
  agingMs: 15_000,
}

/** Checks a config and fills in the defaults. Throws `misconfigured` naming the field. */
export function readQueueConfig(config: QueueConfig): QueueSettings {
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined))
  const odd = Object.keys(given).find((name) => !(name in DEFAULTS))
  if (odd !== undefined) refuse(odd, `is not an option; known: ${Object.keys(DEFAULTS).join(', ')}`)
  const settings = { ...DEFAULTS, ...given } as QueueSettings
  const { concurrency, maxPending, timeoutMs, agingMs, perProvider, perUser, slots } = settings
  if (!isCount(concurrency, 1)) refuse('concurrency', 'takes a whole number of 1 or more')
  if (maxPending !== Infinity && !isCount(maxPending, 0))
    refuse('maxPending', 'takes a whole number of 0 or more')
  if (perUser !== Infinity && !isCount(perUser, 1)) refuse('perUser', 'takes a whole number of 1 or more')
  if (slots !== undefined && (typeof slots !== 'object' || typeof slots?.take !== 'function'))
    refuse('slots', 'takes shared slots, such as those of createRedisSlots')
  for (const [name, value] of Object.entries({ timeoutMs, agingMs }))
    if (!(typeof value === 'number' && value >= 0)) refuse(name, 'takes a number of 0 or more')
  const caps = typeof perProvider === 'number' ? { '': perProvider } : perProvider
  if (typeof caps !== 'object' || caps === null)
    refuse('perProvider', 'takes a number, or numbers by provider')
  for (const [provider, cap] of Object.entries(caps))
    if (!isCount(cap, 1))
      refuse(provider === '' ? 'perProvider' : `perProvider.${provider}`, 'takes a whole number of 1 or more')
  return settings
}

function isCount(value: unknown, least: number): value is number {
  return Number.isInteger(value) && (value as number) >= least
}

function refuse(path: string, problem: string): never {
  throw new LlmError('misconfigured', `queue: ${path} ${problem}`, {
    issues: [{ path: `queue.${path}`, message: problem }],
  })
}
