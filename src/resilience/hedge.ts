import type { Call, CallScope } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Attempt } from '../core/response.ts'

type Entrant = (scope: CallScope, tried: readonly Attempt[]) => Promise<ResponseStream | LlmError>

export interface Race {
  readonly call: Call
  /** How long the first may be silent before the second starts, in milliseconds. */
  readonly afterMs: number
  readonly main: Entrant
  /** `undefined` where no second try may be made. */
  readonly rival: (
    scope: CallScope,
    tried: readonly Attempt[],
  ) => Promise<ResponseStream | LlmError> | undefined
  readonly tried: readonly Attempt[]
}

const SLOWER = new LlmError('aborted', 'another try was faster')

/** Two tries, the second only where the first is slow: the first answer wins, and the other try is ended and recorded. */
export async function raceAttempts({
  call,
  afterMs,
  main,
  rival,
  tried,
}: Race): Promise<ResponseStream | LlmError> {
  // The winner's list of tries: the loser is added to it.
  const shared: Attempt[] = [...tried]
  const first = forkScope(call.scope)
  const second = forkScope(call.scope)
  const one = main(first, shared)
  const other = later(call, afterMs, one).then((slow) => (slow ? rival(second, shared) : undefined))
  const runs = [
    { scope: first, outcome: one },
    { scope: second, outcome: other },
  ]
  const winner = await firstReply(runs.map(({ outcome }) => outcome))
  for (const { scope, outcome } of runs) {
    if (outcome === runs[winner.index]?.outcome) continue
    scope.abort(SLOWER)
    void outcome.then((lost) => {
      if (lost instanceof LlmError) shared.push(...(lost.attempts ?? []).slice(tried.length))
      else lost?.cancel()
    })
  }
  return winner.result
}

// True when the time is up before the try has an outcome.
function later({ clock }: Call, afterMs: number, outcome: Promise<unknown>): Promise<boolean> {
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

/** The first answer; where all fail, the last failure. */
function firstReply(outcomes: readonly Promise<ResponseStream | LlmError | undefined>[]): Promise<Winner> {
  return new Promise((resolve) => {
    let left = outcomes.length
    let failure: Winner | undefined
    for (const [index, outcome] of outcomes.entries()) {
      void outcome.then((result) => {
        left--
        if (result !== undefined && !(result instanceof LlmError)) resolve({ index, result })
        else if (result !== undefined) failure = { index, result }
        if (left === 0 && failure !== undefined) resolve(failure)
      })
    }
  })
}

/** A part of a call's life that can be ended alone. */
function forkScope(parent: CallScope): CallScope {
  const actions = new Set<(error: LlmError) => void>()
  let own: LlmError | undefined
  const abort = (error: LlmError): void => {
    if (own !== undefined) return
    own = error
    unlink()
    for (const action of actions) action(error)
    actions.clear()
  }
  const unlink = parent.onAbort(abort)
  return {
    passed: parent.passed,
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
