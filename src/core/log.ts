/** Takes structured log lines; pino's logger fits as it is. No line ever holds a message text or a key. */
export interface Logger {
  debug(fields: object, message?: string): void
  info(fields: object, message?: string): void
  warn(fields: object, message?: string): void
  error(fields: object, message?: string): void
}
