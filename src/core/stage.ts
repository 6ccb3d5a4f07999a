import type { Call } from './call.ts'
import type { ResponseStream } from './response-stream.ts'

/** What follows a stage: the other stages, and the exchange. */
export type Next = (call: Call) => Promise<ResponseStream>

/** Decides whether, when and where a call goes. `next` resolves at the commit point; before it, another try is safe. */
export type Stage = (call: Call, next: Next) => Promise<ResponseStream>
