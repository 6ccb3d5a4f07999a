import type { Dialect, Fault } from '../core/dialect.ts'
import { isObject } from '../core/json.ts'
import { lazy } from '../core/lazy.ts'

type ReadFault = Dialect['fault']

/** Whether a field named `error` holds an error: some servers send an empty one with every good answer. */
export function holdsError(error: unknown): boolean {
  if (isObject(error) || Array.isArray(error)) return Object.keys(error).length > 0
  return error !== undefined && error !== null && error !== '' && error !== false
}

/** A reader of error replies that is loaded with the first one. Returns a promise only while it loads. */
export function laterFault(load: () => Promise<ReadFault>): ReadFault {
  const reader = lazy(load)
  return (status, body, header) => {
    const read = reader()
    return read instanceof Promise
      ? read.then(
          (known) => known(status, body, header),
          () => plainFault(status, body),
        )
      : read(status, body, header)
  }
}

const KINDS: Readonly<Record<number, Fault['kind']>> = {
  401: 'unauthorized',
  403: 'unauthorized',
  429: 'rate-limited',
}

// A page without a connection cannot load the reader. The error then holds the reply itself.
function plainFault(status: number | undefined, body: unknown): Fault {
  const kind = status === undefined || status >= 500 ? 'server-failed' : (KINDS[status] ?? 'invalid-request')
  return { kind, message: typeof body === 'string' ? body : (JSON.stringify(body) ?? ''), status }
}
