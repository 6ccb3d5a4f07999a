import type { FakeError, ProviderErrorKind } from './fake-error.ts'

/**
 * A place in an answer; everything before it has been sent. `headers`: nothing was · `start`: the response headers ·
 * `content`: the preamble as well, and no content · `middle`: half of the content, at least one piece · `finish`: all
 * content, and no reason why it stopped · `end`: all but the end mark, where the format has one · a number: so many events.
 */
export type Place = 'headers' | 'start' | 'content' | 'middle' | 'finish' | 'end' | number

/** What goes wrong with an answer. */
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
  /** Silence from here on, until the client leaves. With `pingMs`, the format's pings go on at that pace. */
  | { readonly type: 'hang'; readonly at: Place; readonly pingMs?: number | undefined }
  /** An error inside a reply with status 200. */
  | { readonly type: 'error'; readonly at: Place; readonly error: ProviderErrorKind | FakeError }
  /** The event at this place holds half of its JSON. */
  | { readonly type: 'malformed'; readonly at: Place }
  /** A web page in place of a reply, as a proxy sends it. Default status 200. */
  | { readonly type: 'html'; readonly status?: number | undefined }
  /** The last piece of content comes again and again, until the client leaves. */
  | { readonly type: 'endless' }
  /** One event with a text of so many characters. Default 5 000 000. */
  | { readonly type: 'oversize'; readonly length?: number | undefined }
