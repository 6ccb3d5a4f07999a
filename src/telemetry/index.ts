export { createPinoLogger, type PinoLoggerOptions } from './pino-logger.ts'
export { watchPrefixes, type PrefixBreak, type WatchPrefixesOptions } from './watch-prefixes.ts'
export type { Logger } from '../core/log.ts'
export type { Next, Stage } from '../core/stage.ts'
