import { newId } from '../../../core/create-id.ts'

const SAFE = /^[\w.:/+=-]{1,128}$/

/** Returns the `x-request-id` of the request if it is safe in logs and headers, otherwise a new id. */
export function requestIdOf(headers: Headers): string {
  const given = headers.get('x-request-id')
  return given !== null && SAFE.test(given) ? given : newId('req')
}
