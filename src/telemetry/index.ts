export { createPinoLogger, type PinoLoggerOptions } from './pino-logger.ts'
export type { Logger } from '../core/log.ts'
