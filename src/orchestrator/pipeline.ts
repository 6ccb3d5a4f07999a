import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Next, Stage } from '../core/stage.ts'

// One bit of `CallScope.passed` each.
const MOST_CALL_STAGES = 31

/**
 * The life of a call as one function: the call stages from the outside in, then the attempt stages, then the call's own
 * exchange. A stage may throw or reject. Throws `misconfigured` for more than 31 call stages.
 */
export function createPipeline(stages: readonly Stage[]): Next {
  const around = inOrder(stages, 'call')
  if (around.length > MOST_CALL_STAGES)
    throw new LlmError('misconfigured', `an orchestrator takes ${MOST_CALL_STAGES} call stages at most`)
  let next: Next = (call) => call.exchange(call)
  for (const stage of inOrder(stages, 'attempt').toReversed()) next = step(stage, next)
  for (const [place, stage] of [...around.entries()].toReversed())
    next = step(stage, passOnce(stage, next, 1 << place))
  return next
}

function inOrder(stages: readonly Stage[], at: Stage['at']): readonly Stage[] {
  return stages.filter((stage) => stage.at === at).toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0))
}

function step(stage: Stage, next: Next): Next {
  return (call) => {
    try {
      return stage.run(call, next)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

// The scope is the same for all that happens in one call, so that it can hold which stages have passed the call on.
function passOnce(stage: Stage, next: Next, bit: number): Next {
  return (call) => {
    const { scope } = call
    if ((scope.passed & bit) !== 0) return Promise.reject(passedTwice(stage, call))
    scope.passed |= bit
    return next(call)
  }
}

function passedTwice({ name }: Stage, { requestId }: Call): LlmError {
  const message = `the call stage "${name}" called next twice: a stage that repeats what follows it has at: 'attempt'`
  return new LlmError('misconfigured', message, { requestId })
}
