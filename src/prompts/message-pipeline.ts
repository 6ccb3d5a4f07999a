import { LlmError, type Issue } from '../core/error.ts'
import { isObject } from '../core/json.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { kind, listOf, required, type Group } from '../core/schema.ts'

/**
 * One step of a message pipeline, with exactly one function. `filter` returns whether the message passes, `validate`
 * returns its issues, and `process` returns the changed message.
 */
export type PipelineStep<M, C = unknown> = { readonly name: string } & (
  | { filter(message: M, context: C): boolean | Promise<boolean> }
  | { validate(message: M, context: C): readonly Issue[] | Promise<readonly Issue[]> }
  | { process(message: M, context: C): M | Promise<M> }
)

/** The processed message, or the name of the step that dropped it. */
export type PipelineResult<M> =
  | { readonly message: M; readonly droppedBy?: undefined }
  | { readonly message?: undefined; readonly droppedBy: string }

/** Steps that run in order. */
export interface MessagePipeline<M, C = unknown> {
  /** Runs a message through all steps. Rejects with `invalid-request` if a step finds issues, or with the error of a step. */
  run(message: M, context: C): Promise<PipelineResult<M>>
  /**
   * Returns a new pipeline with one more step, before the step named `before` or at the end. Throws `misconfigured` if
   * `before` is unknown or the name is in use.
   */
  with(step: PipelineStep<M, C>, before?: string): MessagePipeline<M, C>
  readonly steps: readonly string[]
}

/** The schema of the argument of {@link createMessagePipeline}. */
export const messagePipelineSchema: Group = optionsSchema<{ readonly steps: readonly unknown[] }>()(() => ({
  steps: required(listOf(kind('a step: a name and one of filter(), validate() and process()', isStep))),
}))

function isStep(value: unknown): boolean {
  if (!isObject(value) || typeof value['name'] !== 'string') return false
  const given = ['filter', 'validate', 'process'].filter((name) => value[name] !== undefined)
  return given.length === 1 && given.every((name) => typeof value[name] === 'function')
}

/** Creates a message pipeline. Throws `misconfigured` if a step is invalid, or two steps have the same name. */
export function createMessagePipeline<M, C = unknown>(
  steps: readonly PipelineStep<M, C>[],
): MessagePipeline<M, C> {
  checkOptions('createMessagePipeline', messagePipelineSchema, { steps })
  const names = steps.map(({ name }) => name)
  const duplicate = names.find((name, at) => names.indexOf(name) !== at)
  if (duplicate !== undefined) throw misconfigured(`two steps are named "${duplicate}"; rename one`)
  return {
    steps: names,
    with: (step, before) => {
      const at = before === undefined ? steps.length : names.indexOf(before)
      if (at < 0) throw misconfigured(`no step "${before}" to insert before; known: ${names.join(', ')}`)
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
  const problems = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  throw new LlmError('invalid-request', `step "${step}" refused the message: ${problems.join('; ')}`, {
    issues,
  })
}

function misconfigured(problem: string): LlmError {
  return new LlmError('misconfigured', `createMessagePipeline: ${problem}`)
}
