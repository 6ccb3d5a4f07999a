import {
  anyOf,
  count,
  flag,
  group,
  milliseconds,
  number,
  oneOf,
  required,
  variants,
  type Field,
} from '../core/schema.ts'
import { fakeErrorField, type FakeError, type ProviderErrorKind } from './fake-error.ts'

/**
 * A position in a response; everything before it is sent. `headers`: nothing · `start`: the response headers · `content`:
 * the preamble but no content · `middle`: half of the content, at least one event · `finish`: all content but no finish
 * reason · `end`: all but the end marker, if the format has one · a number: that many events.
 */
export type Place = 'headers' | 'start' | 'content' | 'middle' | 'finish' | 'end' | number

/** A fault of a response. */
export type Chaos =
  /**
   * The body ends early: `end` closes it properly, as proxies do, `reset` breaks the connection. Default `end`. With
   * `inside`, half of the next event is sent too.
   */
  | {
      readonly type: 'cut'
      readonly at: Place
      readonly by?: 'end' | 'reset' | undefined
      readonly inside?: boolean | undefined
    }
  /** Silence from this position on, until the client disconnects. With `pingMs`, the format's pings are sent at that interval. */
  | { readonly type: 'hang'; readonly at: Place; readonly pingMs?: number | undefined }
  /** An error inside a reply with status 200. */
  | { readonly type: 'error'; readonly at: Place; readonly error: ProviderErrorKind | FakeError }
  /** The event at this position has half of its JSON. */
  | { readonly type: 'malformed'; readonly at: Place }
  /** An HTML page instead of a reply, as a proxy sends it. Default status 200. */
  | { readonly type: 'html'; readonly status?: number | undefined }
  /** The last content event repeats until the client disconnects. */
  | { readonly type: 'endless' }
  /** One event with a text of `length` characters. Default 5 000 000. */
  | { readonly type: 'oversize'; readonly length?: number | undefined }

const at = required(anyOf(oneOf('headers', 'start', 'content', 'middle', 'finish', 'end'), count))
/** The field of {@link Chaos}. */
export const chaosField: Field = variants('type', () => [
  group(() => ({ type: required(oneOf('cut')), at, by: oneOf('end', 'reset'), inside: flag })),
  group(() => ({ type: required(oneOf('hang')), at, pingMs: milliseconds })),
  group(() => ({ type: required(oneOf('error')), at, error: required(fakeErrorField) })),
  group(() => ({ type: required(oneOf('malformed')), at })),
  group(() => ({ type: required(oneOf('html')), status: number({ whole: true, min: 200, max: 599 }) })),
  group(() => ({ type: required(oneOf('endless')) })),
  group(() => ({ type: required(oneOf('oversize')), length: count })),
])
