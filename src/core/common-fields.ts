import { kind, withMethods, type Field } from './schema.ts'

/** A `Clock`. */
export const clockField: Field = withMethods('now', 'epochMs', 'setTimer', 'clearTimer')
/** A `Logger`. */
export const loggerField: Field = withMethods('debug', 'info', 'warn', 'error')
/** An `AbortSignal`, by its shape, because a signal of another realm is no instance of this one's class. */
export const signalField: Field = kind('an AbortSignal', (value) => {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
})
