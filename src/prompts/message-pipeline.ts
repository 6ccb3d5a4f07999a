import { LlmError, type Issue } from '../core/error.ts'

/**
 * One step that a message goes through; exactly one of the three functions. `filter` says whether it goes on,
 * `validate` what is wrong with it, `process` gives what it becomes.
 */
export type PipelineStep<M, C = unknown> = { readonly name: string } & (
  | { filter(message: M, context: C): boolean | Promise<boolean> }
  | { validate(message: M, context: C): readonly Issue[] | Promise<readonly Issue[]> }
  | { process(message: M, context: C): M | Promise<M> }
)

/** What became of a message: what it is now, or the name of the step that dropped it. */
export type PipelineResult<M> =
  | { readonly message: M; readonly droppedBy?: undefined }
  | { readonly message?: undefined; readonly droppedBy: string }

/** Steps in their order. */
export interface MessagePipeline<M, C = unknown> {
  /** Rejects with `invalid-request` and the issues of the first step that finds some, and with what a step throws. */
  run(message: M, context: C): Promise<PipelineResult<M>>
  /** A pipeline with more steps, before the step of that name or at the end. This one does not change. */
  with(step: PipelineStep<M, C>, before?: string): MessagePipeline<M, C>
  readonly steps: readonly string[]
}

/** Makes a pipeline. Throws `misconfigured` where two steps have one name. */
export function createMessagePipeline<M, C = unknown>(
  steps: readonly PipelineStep<M, C>[],
): MessagePipeline<M, C> {
  const names = steps.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw misconfigured(`two steps have the name "${twice}"`)
  return {
    steps: names,
    with: (step, before) => {
      const at = before === undefined ? steps.length : names.indexOf(before)
      if (at < 0) throw misconfigured(`there is no step "${before}" to put one before`)
      return createMessagePipeline(steps.toSpliced(at, 0, step))
    },
    run: async (message, context) => {
      let current = message
      for (const step of steps) {
        if ('process' in step) current = await step.process(current, context)
        else if ('validate' in step) refuse(step.name, await step.validate(current, context))
        else if (!(await step.filter(current, context))) return { droppedBy: step.name }
      }
      return { message: current }
    },
  }
}

function refuse(step: string, issues: readonly Issue[]): void {
  if (issues.length === 0) return
  const words = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  throw new LlmError(
    'invalid-request',
    `the message was refused by the step "${step}": ${words.join('; ')}`,
    {
      issues,
    },
  )
}

function misconfigured(problem: string): LlmError {
  return new LlmError('misconfigured', `createMessagePipeline: ${problem}`)
}
