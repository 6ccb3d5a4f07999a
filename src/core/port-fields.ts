import { callable, withMethods, type Field } from './schema.ts'

/** The option `clock`: a `Clock`. */
export const clockField: Field = withMethods('now', 'epochMs', 'setTimer', 'clearTimer')
/** The option `logger`: a `Logger`, such as a pino logger. */
export const loggerField: Field = withMethods('debug', 'info', 'warn', 'error')
/** The option `transport`: a `Transport`. */
export const transportField: Field = withMethods('send')
/** The option `fetch`: a function like the global one. */
export const fetchField: Field = callable
/** The options `breakerSync` and `cooldownSync`. */
export const syncField: Field = withMethods('publish', 'subscribe')
