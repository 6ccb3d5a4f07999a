import type { Call } from './call.ts'
import type { ResponseStream } from './response-stream.ts'

/** Runs the stages after this one, and the exchange. */
export type Next = (call: Call) => Promise<ResponseStream>

/** Decides whether, when and where a call is sent. `next` resolves at the first content; until then another attempt is safe. */
export type Stage = (call: Call, next: Next) => Promise<ResponseStream>
