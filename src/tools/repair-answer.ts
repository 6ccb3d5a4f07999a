import type { ChatResponse } from '../core/response.ts'

/** How warnings end about an answer that does not fit its schema. */
const NOT_SET = /; response\.object is not set$/

/** Why an answer does not fit the schema of its request; `undefined` if it does, or had none. */
export function misfitOf({ object, warnings }: ChatResponse): string | undefined {
  if (object !== undefined) return undefined
  const found = warnings.findLast(
    ({ setting, message }) => setting === 'responseFormat' && NOT_SET.test(message),
  )
  return found?.message.replace(NOT_SET, '')
}

/** The words by which a model is asked again. */
export function askAgain(reason: string): string {
  return `Your answer was not accepted: ${reason}. Answer again, with the JSON alone.`
}
