import { LlmError } from 'llm-switchyard'

/** The `LlmError` with which work fails, at once or later. Throws if it does not fail, or with another error. */
export async function failure(work: Promise<unknown> | (() => unknown)): Promise<LlmError> {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    if (LlmError.is(error)) return error
    throw error
  }
  throw new Error('did not fail')
}
