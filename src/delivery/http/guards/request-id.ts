import { newId } from '../../../core/create-id.ts'

const SANE = /^[\w.:/+=-]{1,128}$/

/** The id that a caller gave its request, where it is one that may go into logs and headers; otherwise a new one. */
export function requestIdOf(headers: Headers): string {
  const given = headers.get('x-request-id')
  return given !== null && SANE.test(given) ? given : newId('req')
}
