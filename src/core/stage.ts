import type { Call } from './call.ts'
import type { ResponseStream } from './response-stream.ts'

/** Runs the stages further in, and at last the exchange with the provider. */
export type Next = (call: Call) => Promise<ResponseStream>

/**
 * One step around a call, or around each of its attempts. A stage passes the call on with `next(call)`, a changed one with
 * `next({ ...call, … })`, or answers without `next`. It may throw; the caller then gets that error.
 *
 * `next` resolves when the first content is ready, or with a whole response. Until then nothing was delivered to the
 * caller, so that another attempt is safe.
 */
export interface Stage {
  /** Names the stage in errors. */
  readonly name: string
  /**
   * `call`: runs once per call, and may call `next` once at most. `attempt`: runs inside the retries, once per attempt, and
   * may call `next` any number of times. Throws `misconfigured` when a call stage calls `next` twice.
   */
  readonly at: 'call' | 'attempt'
  /**
   * Position among the stages with the same `at`; lower is further out. The built-in ones have the positions of
   * {@link stageOrder}. Default 0: outside all built-in call stages; once per attempt for an attempt stage. Stages with
   * equal positions keep the order in which they were given.
   */
  readonly order?: number | undefined
  run(call: Call, next: Next): Promise<ResponseStream>
}

/** Positions of the built-in stages, outermost first: the life of a call, read from top to bottom. */
export const stageOrder = {
  /** Refuses requests that are larger than the application allows. */
  inputLimits: 100,
  /** Finds the targets that may be tried; refuses the call if all their breakers are open. */
  targets: 200,
  /** Reserves requests, tokens and cost. */
  limits: 300,
  /** Reports texts to topic monitors. */
  topics: 400,
  /** Moderates the messages of the user. */
  inputModeration: 500,
  /** Waits for a slot. */
  queue: 600,
  /** Runs the caller's `onAdmitted` and `onEnd`. */
  hooks: 700,
  /** Moderates responses that have to be whole first. */
  outputModeration: 800,
  /** The first attempt stage: plans the attempts, and runs the ones below for each. */
  attempts: -100,
  /** Holds an attempt back while the provider's own rate limit is used up. */
  providerQuota: 100,
} as const
