import { LlmError } from './error.ts'
import { callSafely } from './host-function.ts'
import { scrubSecrets } from './scrub-secrets.ts'

/** Takes structured log lines, as a pino logger does. No line contains the text of a message or a key. */
export interface Logger {
  debug(fields: object, message?: string): void
  info(fields: object, message?: string): void
  warn(fields: object, message?: string): void
  error(fields: object, message?: string): void
}

/** Returns `logger` as one that never throws. */
export function safeLogger(logger: Logger): Logger
export function safeLogger(logger: Logger | undefined): Logger | undefined
export function safeLogger(logger: Logger | undefined): Logger | undefined {
  if (logger === undefined || SAFE in logger) return logger
  const line =
    (level: keyof Logger): Logger['info'] =>
    (fields, message) =>
      callSafely(() => logger[level](fields, message))
  const safe: Logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  return Object.assign(safe, { [SAFE]: true })
}

const SAFE = Symbol('safe logger')

/** The fields of a log line about an error: its kind, code, stack and cause, without secrets. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: scrubSecrets(String(error)) }
  const { name, stack, cause } = error
  const fields = LlmError.is(error) ? detailsOf(error) : { name }
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined
  return {
    ...fields,
    stack: scrubSecrets(stack ?? String(error)),
    ...(reason === undefined ? undefined : { cause: scrubSecrets(reason) }),
  }
}

function detailsOf(error: LlmError): Record<string, unknown> {
  const { kind, code, status, phase, scope, pending, retryAfterMs, provider, model } = error
  const known = { kind, code, status, phase, scope, pending, retryAfterMs, provider, model }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
}
