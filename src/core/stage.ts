import type { Call } from './call.ts'
import type { ResponseStream } from './response-stream.ts'

/** Runs the stages after the current one, and then the exchange with the provider. */
export type Next = (call: Call) => Promise<ResponseStream>

/**
 * Middleware around a call, or around each of its attempts. A stage calls `next(call)`, or `next({ ...call, … })` with a
 * changed call, or returns a response without `next`. If it throws, the call rejects with that error.
 *
 * `next` resolves when the first content has arrived, or with a whole response. Until then another attempt is safe, because
 * nothing was delivered to the caller.
 */
export interface Stage {
  /** Name of the stage in errors. */
  readonly name: string
  /**
   * `call`: runs once per call, and may call `next` at most once; a second `next` rejects with `misconfigured`. `attempt`: runs
   * once per attempt, inside the retries, and may call `next` any number of times.
   */
  readonly at: 'call' | 'attempt'
  /**
   * Position among the stages with the same `at`; lower is further out. {@link stageOrder} has the positions of the built-in
   * stages. Default 0: before all built-in call stages; for an attempt stage, after the retries. Stages with equal positions
   * keep the order of `use`.
   */
  readonly order?: number | undefined
  /**
   * Whether the stage itself ends as soon as its call ends. Default false: when the call is aborted or its time is over, its
   * promise is no longer waited for, and a response that it returns later is cancelled.
   */
  readonly endsWithCall?: boolean | undefined
  /** Runs the stage for one call or attempt. */
  run(call: Call, next: Next): Promise<ResponseStream>
}

/** Positions of the built-in stages, outermost first. */
export const stageOrder = {
  /** Rejects requests that are larger than the application allows. */
  inputLimits: 100,
  /** Finds the targets of the call; rejects it if all their breakers are open. */
  targets: 200,
  /** Reserves requests, tokens and cost. */
  limits: 300,
  /** Reports texts to topic monitors. */
  topics: 400,
  /** Moderates user messages. */
  inputModeration: 500,
  /** Waits for a slot. */
  queue: 600,
  /** Calls the request's `onAdmitted` and `onEnd`. */
  hooks: 700,
  /** Moderates responses that moderators need whole. */
  outputModeration: 800,
  /** Plans the attempts, and runs the attempt stages after it for each. */
  attempts: -100,
  /** Delays an attempt while the rate limit of its provider is used up. */
  providerQuota: 100,
} as const
