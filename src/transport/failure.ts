import { LlmError } from '../core/error.ts'
import { originOf } from './origin.ts'

/**
 * Rejects with the `LlmError` of a failure below HTTP. Its text is loaded by the first failure, because calls that succeed do
 * not need it. `answered`: whether the head of a response had arrived.
 */
export async function rejectFailure(error: unknown, url: string, answered: boolean): Promise<never> {
  if (LlmError.is(error)) throw error
  throw await explain(error, url, answered)
}

async function explain(error: unknown, url: string, answered: boolean): Promise<LlmError> {
  try {
    const { transportError } = await import('./explain-failure.ts')
    return transportError(error, url, answered)
  } catch {
    // A page without a connection cannot load it either.
    return new LlmError('network', `${originOf(url)}: ${String(error)}`, { cause: error })
  }
}

/** The `timeout` of a connection that could not be opened within `connectMs`. */
export function connectTimeout(url: string, connectMs: number): LlmError {
  const message = `${originOf(url)}: no connection within ${connectMs} ms; check the address, or raise timeouts.connectMs`
  return new LlmError('timeout', message, { phase: 'connect' })
}
