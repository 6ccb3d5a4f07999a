import { afterAll, beforeAll, beforeEach } from 'vitest'
import { installed, PLACE, startPostgres, type PostgresServer } from './postgres-process.ts'

/**
 * A server for the tests of the file or block it is called in. Where the programs are missing they are skipped, with
 * the reason; in CI they fail then.
 */
export function usePostgres(): () => PostgresServer {
  const bin = installed()
  const missing = bin === undefined ? `${PLACE}/*/bin is missing (Debian: apt-get install postgresql)` : ''
  let server: PostgresServer | undefined
  beforeAll(async () => {
    if (bin !== undefined) server = await startPostgres(bin)
  })
  beforeEach(({ skip }) => {
    if (missing !== '' && process.env['CI'] === 'true') throw new Error(missing)
    skip(missing !== '', missing)
  })
  afterAll(() => server?.[Symbol.asyncDispose]())
  return () => server as PostgresServer
}
