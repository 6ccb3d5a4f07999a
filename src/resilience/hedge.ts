import type { Call } from '../core/call.ts'
import type { CallScope } from '../core/lifetime.ts'
import { LlmError } from '../core/error.ts'
import { callSafely } from '../core/host-function.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt } from '../core/response.ts'

type StartAttempt = (scope: CallScope, previous: readonly Attempt[]) => Promise<ResponseStream | LlmError>

/** The two attempts of a hedged call. */
export interface HedgedRace {
  readonly call: Call
  /** How long the first attempt may deliver nothing before the second starts, in ms. */
  readonly afterMs: number
  /** Starts the first attempt. */
  readonly main: StartAttempt
  /** Starts the second attempt. Returns `undefined` if none is allowed. */
  readonly hedged: (...args: Parameters<StartAttempt>) => ReturnType<StartAttempt> | undefined
  /** The attempts before these two. */
  readonly previous: readonly Attempt[]
}

const SLOWER = new LlmError('aborted', 'another attempt was faster')

/**
 * Runs an attempt, and a second one if the first is slow. Resolves to the response that begins first, and aborts and records
 * the other attempt. Resolves to the last error if both fail.
 */
export async function raceAttempts({
  call,
  afterMs,
  main,
  hedged,
  previous,
}: HedgedRace): Promise<ResponseStream | LlmError> {
  // The winner's list of attempts, to which the loser is added.
  const attempts: Attempt[] = [...previous]
  const first = forkScope(call.scope)
  const second = forkScope(call.scope)
  const one = main(first, attempts)
  const other = isSlow(call, afterMs, one).then((slow) => (slow ? hedged(second, attempts) : undefined))
  const runs = [
    { scope: first, outcome: one },
    { scope: second, outcome: other },
  ]
  const winner = await firstResponse(runs.map(({ outcome }) => outcome))
  for (const { scope, outcome } of runs) {
    if (outcome === runs[winner.index]?.outcome) continue
    scope.abort(SLOWER)
    void outcome.then((loser) => {
      if (loser instanceof LlmError) attempts.push(...(loser.attempts ?? []).slice(previous.length))
      else loser?.cancel()
    })
  }
  return winner.result
}

// Resolves to true if the attempt has no outcome after `afterMs`.
function isSlow({ clock }: Call, afterMs: number, outcome: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(true), afterMs)
    void outcome.then(() => {
      clock.clearTimer(timer)
      resolve(false)
    })
  })
}

interface Winner {
  readonly index: number
  readonly result: ResponseStream | LlmError
}

/** Resolves to the first response, or to the last error if all attempts fail. */
function firstResponse(outcomes: readonly Promise<ResponseStream | LlmError | undefined>[]): Promise<Winner> {
  return new Promise((resolve) => {
    let pending = outcomes.length
    let failure: Winner | undefined
    for (const [index, outcome] of outcomes.entries()) {
      void outcome.then((result) => {
        pending--
        if (result !== undefined && !(result instanceof LlmError)) resolve({ index, result })
        else if (result !== undefined) failure = { index, result }
        if (pending === 0 && failure !== undefined) resolve(failure)
      })
    }
  })
}

/** Creates a scope that ends with `parent`, and can be aborted without it. */
function forkScope(parent: CallScope): CallScope {
  const actions = new Set<(error: LlmError) => void>()
  let own: LlmError | undefined
  const abort = (error: LlmError): void => {
    if (own !== undefined) return
    own = error
    unlink()
    for (const action of actions) callSafely(() => action(error))
    actions.clear()
  }
  const unlink = parent.onAbort(abort)
  return {
    passed: parent.passed,
    slotOf: undefined,
    get error() {
      return own ?? parent.error
    },
    onAbort: (action) => {
      if (own !== undefined) action(own)
      else actions.add(action)
      return () => actions.delete(action)
    },
    abort,
    release: () => unlink(),
  }
}
