import {
  createLimiter,
  rejectionError,
  type Charge,
  type LimitEvent,
  type LimitKeys,
  type Limiter,
  type LimitsConfig,
  type Rejection,
  type Reservation,
} from '../../src/limits/index.ts'
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts'

/** The figures that the project started from. */
export const seeds: LimitsConfig = {
  global: { requestsPerMinute: 60 },
  user: { requestsPerMinute: 20, tokensPerMinute: 10_000 },
  conversation: { requestsPerMinute: 10 },
  burst: 1.5,
}

/** A limiter on a stopped clock. `ask` is `reserve`, which returns at once with the memory store. */
export function setUp(limits: LimitsConfig): {
  limiter: Limiter
  clock: FakeClock
  ask: Ask
  events: LimitEvent[]
} {
  const clock = createFakeClock()
  const events: LimitEvent[] = []
  const limiter = createLimiter({ limits, clock, observe: (event) => void events.push(event) })
  const ask: Ask = (keys, charge) => limiter.reserve(keys, charge) as Reservation | Rejection
  return { limiter, clock, ask, events }
}
export type Ask = (keys: LimitKeys, charge?: Charge) => Reservation | Rejection

export function refusal(answer: Reservation | Rejection): Rejection {
  if (answer.granted) throw new Error('granted, but should have been refused')
  return answer
}
export function reservation(answer: Reservation | Rejection): Reservation {
  if (!answer.granted) throw new Error(rejectionError(answer).message)
  return answer
}
/** How many such calls pass, one after the other, until one is refused. */
export function passes(ask: Ask, keys: LimitKeys, charge: Charge = { tokens: 1 }): number {
  let count = 0
  while (count < 100_000 && ask(keys, charge).granted) count++
  return count
}
