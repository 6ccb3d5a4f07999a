import { pino } from 'pino'
import { LlmError } from '../core/error.ts'
import { isObject } from '../core/json.ts'
import type { Logger } from '../core/log.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { anyObject, oneOf, withMethods, type Group } from '../core/schema.ts'
import { scrubSecrets } from '../core/secret.ts'

// The parts of pino's types that are used, declared here so that our declarations need none of its.
type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
interface Destination {
  write(line: string): void
}
type Write = (fields: object, message?: string) => void
interface PinoLines {
  isLevelEnabled(level: string): boolean
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
}
interface PinoInstance {
  child(fields: Record<string, unknown>, options: { level: string }): PinoLines
}

/** Options of {@link createPinoLogger}. */
export interface PinoLoggerOptions {
  /** Minimum level of lines that are written. Default `info`. */
  readonly level?: Level | undefined
  /** Fields added to every line, such as `{ service: 'chat' }`. Default: none. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined
  /** Destination of the lines: a pino destination, a transport, or any stream. Default: standard output. */
  readonly destination?: Destination | undefined
  /**
   * The application's pino logger. Lines are written to a child of it with `fields` and `level`; `destination` is ignored.
   * Default: a new pino logger.
   */
  readonly logger?: PinoInstance | undefined
}

// Names of fields that contain secrets. They are removed at the top level and one level below.
const KEY_FIELDS: ReadonlySet<string> = new Set([
  'apiKey',
  'authorization',
  'credentials',
  'password',
  'secret',
  'token',
])

/** The schema of {@link PinoLoggerOptions}. */
export const pinoLoggerSchema: Group = optionsSchema<PinoLoggerOptions>()(() => ({
  level: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  fields: anyObject,
  destination: withMethods('write'),
  logger: withMethods('child'),
}))

/**
 * Creates a logger that writes JSON lines with pino. It removes keys from fields and messages, and writes an `LlmError` as its
 * `toJSON`. Pass it as `logger` to `createOrchestrator`, the chat service and the HTTP handlers.
 */
export function createPinoLogger(options: PinoLoggerOptions = {}): Logger {
  checkOptions('createPinoLogger', pinoLoggerSchema, options)
  const { level = 'info', fields = {}, destination, logger } = options
  const own: PinoInstance = logger ?? pino({ base: undefined }, destination ?? pino.destination(1))
  const lines = own.child({ ...fields }, { level })
  const write =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (given: object, message?: string): void => {
      if (!lines.isLevelEnabled(name)) return
      lines[name](cleanFields(given), message === undefined ? undefined : scrubSecrets(message))
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

// Keys are removed here, because the application's logger may not have pino's `redact`.
function cleanFields(fields: object, isNested = false): object {
  if (LlmError.is(fields)) return isNested ? fields.toJSON() : { error: fields.toJSON() }
  const kept = Object.entries(fields).filter(([name]) => !KEY_FIELDS.has(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, isNested ? scrub(value) : cleanValue(value)]))
}

function cleanValue(value: unknown): unknown {
  if (value instanceof Error && !LlmError.is(value))
    return { name: value.name, message: scrubSecrets(value.message) }
  const isPlain = isObject(value) && !Array.isArray(value)
  return isPlain || LlmError.is(value) ? cleanFields(value, true) : scrub(value)
}

function scrub(value: unknown): unknown {
  return typeof value === 'string' ? scrubSecrets(value) : value
}
