import type { Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ResumeLimits } from './resumable-stream.ts'
import type { ChatFrame } from './frame.ts'
import type { ChatMessage } from './message-reducer.ts'
import type { PageVisibility } from './page-visibility.ts'
import type { Endpoint } from './request.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'
import type { ThrottleOptions } from './throttle.ts'

/** How a lost connection is taken up again. */
export interface ReconnectOptions {
  /** Tries after a loss; an opened connection starts the count anew. Default 3. */
  readonly retries?: number | undefined
  /** Try n comes after n times this, in milliseconds. Default 1 000. */
  readonly stepMs?: number | undefined
  /** Longest wait that a server may ask for, in milliseconds; beyond it the answer fails. Default 60 000. */
  readonly maxRetryAfterMs?: number | undefined
}

/** What a request is made of. */
export interface BodyParts {
  readonly conversationId: string
  /** The conversation up to the message that is to be answered. */
  readonly messages: readonly ChatMessage[]
  /** Fields that were given with the message. */
  readonly body?: JsonObject | undefined
  /** True where an earlier answer to the same message is thrown away. */
  readonly isRegeneration: boolean
}

/** Options of `createChatClient`. */
export interface ChatClientOptions extends Endpoint {
  /** Default: that of the store, or a new one. */
  readonly conversationId?: string | undefined
  /** Fields of every request: `model`, `temperature` and whatever the host's handler reads. */
  readonly body?: JsonObject | undefined
  /** What a message asks of the server: `all` turns (default), or the newest `message` alone where the server keeps the history. */
  readonly history?: 'all' | 'newest' | undefined
  /** Writes the whole request body, in place of `body` and `history`. */
  readonly makeBody?: ((parts: BodyParts) => JsonObject | Promise<JsonObject>) | undefined
  /** False for servers that cannot take a stream up again or stop it: a broken answer then fails. Default true. */
  readonly resume?: boolean | undefined
  readonly reconnect?: ReconnectOptions | undefined
  /** Longest silence of an open connection, heartbeats included, in milliseconds. Default 45 000; 0 for no limit. */
  readonly silenceMs?: number | undefined
  /** How long `stop` waits for the server's last words, in milliseconds. Default 2 000. */
  readonly stopWaitMs?: number | undefined
  /** Holds messages back, in order, beyond so many. Default: none. */
  readonly throttle?: ThrottleOptions | undefined
  /** `pause` closes the connection while the tab is hidden: for servers that finish without readers. Default `keep`. */
  readonly whenHidden?: 'keep' | 'pause' | undefined
  /** Longest text of a message, in characters. Default 400 000. */
  readonly maxCharacters?: number | undefined
  /** Keeps the conversation, the queue and the stream's position over a reload. Default: nothing is kept. */
  readonly store?: SnapshotStorage | undefined
  /** How often a growing answer is stored, in milliseconds. Default 1 000. */
  readonly storeEveryMs?: number | undefined
  /** Told every frame of an answer, unknown ones too, before the state changes. */
  readonly onFrame?: ((frame: ChatFrame) => void) | undefined
  /** Told what went wrong beside the chat: a full store, a listener that throws. */
  readonly onError?: ((error: LlmError) => void) | undefined
  /** Default: the browser's. */
  readonly page?: PageVisibility | undefined
  readonly clock?: Clock | undefined
}

const DEFAULTS: ResumeLimits = {
  retries: 3,
  stepMs: 1_000,
  maxRetryAfterMs: 60_000,
  silenceMs: 45_000,
  stopWaitMs: 2_000,
}

/** The limits that the options ask for. Throws `misconfigured` naming the option that is wrong. */
export function readLimits(options: ChatClientOptions): ResumeLimits {
  const { reconnect, silenceMs, stopWaitMs, throttle, url } = options
  const given = { ...reconnect, silenceMs, stopWaitMs }
  const limits = { ...DEFAULTS }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    if (!(value >= 0)) throw wrong(name, 'takes a number of 0 or more')
    limits[name as keyof ResumeLimits] = value
  }
  if (throttle !== undefined && !(throttle.messages >= 1 && throttle.perMs > 0))
    throw wrong('throttle', 'takes messages of 1 or more, and perMs above 0')
  if (typeof url !== 'string' || (!('location' in globalThis) && !URL.canParse(url)))
    throw wrong('url', 'takes the address of a chat handler; outside of a page with its origin')
  return limits
}

function wrong(path: string, message: string): LlmError {
  return new LlmError('misconfigured', `createChatClient: ${path} ${message}`, {
    issues: [{ path, message }],
  })
}
