const DEFERRED: unique symbol = Symbol.for('llm-switchyard.deferred')

/** What a tool returns whose result comes later. Made by {@link deferred}. */
export interface Deferred {
  readonly [DEFERRED]: true
}

/**
 * Returned by a tool whose result comes later, such as from a job. The run ends with the call among its `pending` ones, and
 * goes on when it is given the result.
 */
export function deferred(): Deferred {
  return { [DEFERRED]: true }
}

/** Whether a tool returned that its result comes later. */
export function isDeferred(value: unknown): value is Deferred {
  return typeof value === 'object' && value !== null && DEFERRED in value
}
