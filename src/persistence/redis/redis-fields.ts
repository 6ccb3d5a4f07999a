import { clockField, loggerField } from '../../core/port-fields.ts'
import {
  kind,
  matching,
  number,
  positiveMilliseconds,
  oneOf,
  required,
  type Field,
  type RequiredField,
} from '../../core/schema.ts'

/** Longest lease in ms: one day. */
const MAX_LEASE_MS = 86_400_000

const CLIENT = 'a client of node-redis (redis 5 or newer) or ioredis (5 or newer)'

/** The option `client` of a store that only runs scripts. */
export const clientField: RequiredField = required(kind(CLIENT, runsScripts))
/** The option `client` of a store that also listens: a pool or a cluster cannot `duplicate()`. */
export const listeningClientField: RequiredField = required(
  kind(
    `${CLIENT} that can duplicate(), no pool and no cluster`,
    (value) => runsScripts(value) && duplicates(value),
  ),
)
/** The option `onDown`. */
export const onDownField: Field = oneOf('fail-open', 'fail-closed')

/** The option `leaseMs`, from `min` ms to one day. */
export function leaseField(min: number): Field {
  return number({ min, max: MAX_LEASE_MS })
}

/** The fields that every Redis store has, apart from `client`. */
export const sharedRows = (): Readonly<Record<'prefix' | 'timeoutMs' | 'logger' | 'clock', Field>> => ({
  prefix: matching(/^[^{}]+$/, 'text of at least one character, without braces'),
  timeoutMs: positiveMilliseconds,
  logger: loggerField,
  clock: clockField,
})

function runsScripts(value: unknown): boolean {
  const given = typeof value === 'object' && value !== null ? value : {}
  return 'evalSha' in given || 'evalsha' in given
}

function duplicates(value: unknown): boolean {
  return typeof (value as { readonly duplicate?: unknown }).duplicate === 'function'
}
