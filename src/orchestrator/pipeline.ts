import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Next, Stage } from '../core/stage.ts'

// Each stage has one bit of `CallScope.passed`.
const MAX_CALL_STAGES = 31

/**
 * Composes stages into one function: the call stages from the outside in, then the attempt stages, then the exchange of the
 * call. A stage may throw or reject. Throws `misconfigured` if there are more than 31 call stages.
 */
export function createPipeline(stages: readonly Stage[]): Next {
  const around = inOrder(stages, 'call')
  if (around.length > MAX_CALL_STAGES)
    throw new LlmError(
      'misconfigured',
      `an orchestrator has ${around.length} call stages; at most ${MAX_CALL_STAGES} are allowed`,
    )
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

// The scope records which stages have called `next`, because all attempts and copies of a call share it.
function passOnce(stage: Stage, next: Next, bit: number): Next {
  return (call) => {
    const { scope } = call
    if ((scope.passed & bit) !== 0) return Promise.reject(passedTwice(stage, call))
    scope.passed |= bit
    return next(call)
  }
}

function passedTwice({ name }: Stage, { requestId }: Call): LlmError {
  const message = `the call stage "${name}" called next twice; set at: 'attempt' for a stage that repeats calls`
  return new LlmError('misconfigured', message, { requestId })
}
