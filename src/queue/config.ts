import { LlmError } from '../core/error.ts'
import type { SlotStore } from './slot-store.ts'

/** How urgent a call is. */
export type Priority = 'critical' | 'high' | 'normal' | 'low'

/** All priorities, the most urgent first. */
export const priorities: readonly Priority[] = ['critical', 'high', 'normal', 'low']

/** How many calls run at once, and how the others wait. */
export interface QueueConfig {
  /** Calls that run at once. Default 10. */
  readonly concurrency?: number | undefined
  /** Calls that may wait; the next one is refused. Default 100; 0 lets none wait. */
  readonly maxPending?: number | undefined
  /** Longest wait, in milliseconds. Default 300 000; 0 for no bound. A call that has waited longer never runs. */
  readonly timeoutMs?: number | undefined
  /** Calls of one provider that run at once: one number for each, or a number by provider. Default: only `concurrency`. */
  readonly perProvider?: number | Readonly<Record<string, number>> | undefined
  /** Calls of one user that run at once, of calls that carry a user. Default: only `concurrency`. */
  readonly perUser?: number | undefined
  /**
   * Counts `concurrency`, `perProvider` and `perUser` over many processes. Who waits, and in which order, stays the
   * business of each. Default: every process counts for itself.
   */
  readonly slots?: SlotStore | undefined
  /**
   * Within which a call of any priority is served, however many more urgent ones keep coming, in milliseconds: once it
   * has waited half of it, every second free slot goes to the call that has waited longest. Default 15 000; 0 turns it
   * off, and priority is strict for ever.
   */
  readonly agingMs?: number | undefined
}

/** A checked config. */
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
