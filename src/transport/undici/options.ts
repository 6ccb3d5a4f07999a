import { optionsSchema } from '../../core/options.ts'
import { flag, milliseconds, positiveCount, withMethods, type Group } from '../../core/schema.ts'
import type { UndiciDispatcher } from './dispatcher.ts'

/** Options of `createUndiciTransport`. */
export interface UndiciTransportOptions {
  /**
   * Your own undici dispatcher (proxy, mock, pool). The options below then have no effect, and `close()` leaves it open.
   * Default: an `Agent` of the transport's own.
   */
  readonly dispatcher?: UndiciDispatcher | undefined
  /** Maximum number of connections per origin. Default: no limit. */
  readonly connections?: number | undefined
  /** Maximum wait for a connection in ms. Default 10 000. */
  readonly connectMs?: number | undefined
  /** Time in ms for which an idle connection is kept. Default 30 000. */
  readonly keepAliveMs?: number | undefined
  /** Whether to use HTTP/2 with servers that offer it. Default: off. */
  readonly http2?: boolean | undefined
}

/** The schema of {@link UndiciTransportOptions}. */
export const undiciTransportSchema: Group = optionsSchema<UndiciTransportOptions>()(() => ({
  dispatcher: withMethods('dispatch'),
  connections: positiveCount,
  connectMs: milliseconds,
  keepAliveMs: milliseconds,
  http2: flag,
}))
