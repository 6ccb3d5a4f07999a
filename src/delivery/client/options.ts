import type { Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ChatFrame } from './frame.ts'
import type { ChatFile, ChatMessage } from './message-reducer.ts'
import type { PageVisibility } from './page-visibility.ts'
import type { Endpoint } from './request.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'
import type { ThrottleOptions } from './throttle.ts'

/** When and how often the client reconnects. After the last attempt the answer fails with the error of the connection. */
export interface ReconnectOptions {
  /** Maximum number of attempts after a lost connection; a successful one resets the count. Default 3. */
  readonly retries?: number | undefined
  /** Delay of the first attempt in ms; attempt n waits n times as long. Default 1 000. */
  readonly stepMs?: number | undefined
  /** Maximum delay that the server may ask for, in ms. Default 60 000. If it asks for more, the answer fails at once. */
  readonly maxRetryAfterMs?: number | undefined
}

/** The input of `makeBody`. */
export interface BodyParts {
  readonly conversationId: string
  /** The conversation up to the message that is to be answered. */
  readonly messages: readonly ChatMessage[]
  /** The `body` that was given to `send`. */
  readonly body?: JsonObject | undefined
  /** Whether the request replaces an earlier answer to the same message. */
  readonly isRegeneration: boolean
}

/** Options of `send`. */
export interface SendOptions {
  /** Images and documents of the message. Default: none. With a file, the text may be empty. */
  readonly files?: readonly ChatFile[] | undefined
  /** Fields of this request; they override those of the client's `body`. Default: none. */
  readonly body?: JsonObject | undefined
}

/** Options of `createChatClient`. */
export interface ChatClientOptions extends Endpoint {
  /**
   * Id of the conversation. Default: that of the stored conversation, or a random one. A stored conversation with another
   * id is not loaded.
   */
  readonly conversationId?: string | undefined
  /** Fields of every request: `model`, `temperature` and others that the handler reads. Default: none. */
  readonly body?: JsonObject | undefined
  /**
   * What a request contains: `all` messages, or the `newest` message alone, for servers that store the conversation.
   * Default `all`.
   */
  readonly history?: 'all' | 'newest' | undefined
  /**
   * Called for each request; returns its whole body, instead of `body` and `history`. If it throws or rejects, the answer
   * fails with `invalid-request`. Default: off.
   */
  readonly makeBody?: ((parts: BodyParts) => JsonObject | Promise<JsonObject>) | undefined
  /**
   * Whether the server can resume and cancel streams. Default true. If false, an answer fails when its connection is lost,
   * and `stop` only closes the connection.
   */
  readonly resume?: boolean | undefined
  readonly reconnect?: ReconnectOptions | undefined
  /**
   * Maximum time without data, heartbeats included, in ms. Default 45 000; 0 for no limit. A longer silence counts as a
   * lost connection.
   */
  readonly silenceMs?: number | undefined
  /**
   * Maximum time that the server may take to end a stopped stream, in ms. Default 2 000. After it the client closes the
   * connection, and the answer may lack its last text and its usage.
   */
  readonly stopWaitMs?: number | undefined
  /** Maximum rate of messages; those above it wait in the queue. Default: off. */
  readonly throttle?: ThrottleOptions | undefined
  /**
   * Whether to `keep` the connection while the tab is hidden, or to `pause` until it is shown. Default `keep`. Use `pause`
   * only with servers that finish answers without readers.
   */
  readonly whenHidden?: 'keep' | 'pause' | undefined
  /** Maximum length of a message in characters. Default 400 000. `send` rejects longer ones with `invalid-request`. */
  readonly maxCharacters?: number | undefined
  /**
   * Stores the conversation, the queue and the position in the stream, so that they survive a reload. Default: off. Its
   * failures go to `onError`; the chat continues without it.
   */
  readonly store?: SnapshotStorage | undefined
  /** Interval at which a growing answer is stored, in ms. Default 1 000. */
  readonly storeEveryMs?: number | undefined
  /**
   * Called with every frame of an answer, unknown ones too, before the state changes. What it throws goes to `onError`.
   * Default: off.
   */
  readonly onFrame?: ((frame: ChatFrame) => void) | undefined
  /**
   * Called when something outside of the chat fails: the store, a listener, or `onFrame`. What it throws is ignored.
   * Default: off. Errors of answers are in the state instead.
   */
  readonly onError?: ((error: LlmError) => void) | undefined
  /** Signals of the network and the tab. Default: `browserPage()`. */
  readonly page?: PageVisibility | undefined
  /** Source of time and timers, for tests. Default: real time. */
  readonly clock?: Clock | undefined
}

/** The limits of one answer, all in ms except `retries`. */
export interface ResumeLimits {
  readonly retries: number
  readonly stepMs: number
  readonly maxRetryAfterMs: number
  readonly silenceMs: number
  readonly stopWaitMs: number
}

const DEFAULTS: ResumeLimits = {
  retries: 3,
  stepMs: 1_000,
  maxRetryAfterMs: 60_000,
  silenceMs: 45_000,
  stopWaitMs: 2_000,
}

/**
 * Returns the limits with their defaults. Throws `misconfigured`, naming the option, if a value is out of range. Checked by
 * hand, because the shared mechanism needs zod, which would double the size of the client.
 */
export function readLimits(options: ChatClientOptions): ResumeLimits {
  const { reconnect, silenceMs, stopWaitMs, storeEveryMs, maxCharacters, throttle, url } = options
  const limits: ResumeLimits & Record<string, number> = { ...DEFAULTS }
  for (const [name, value] of Object.entries({
    ...reconnect,
    silenceMs,
    stopWaitMs,
    storeEveryMs,
    maxCharacters,
  })) {
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value >= 0)) throw invalid(name, `is ${value}: use a number >= 0`)
    limits[name] = value
  }
  if (throttle !== undefined && !(throttle.messages >= 1 && throttle.perMs > 0))
    throw invalid('throttle', 'needs messages >= 1, perMs > 0')
  if (typeof url !== 'string' || (!('location' in globalThis) && !URL.canParse(url)))
    throw invalid('url', `is "${url}": use an absolute URL outside of a page`)
  return limits
}

function invalid(path: string, message: string): LlmError {
  return new LlmError('misconfigured', `createChatClient: ${path} ${message}`, {
    issues: [{ path, message }],
  })
}
