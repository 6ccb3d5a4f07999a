import type { Call } from './call.ts'
import type { Reply } from './reply.ts'

/** Decides whether, when and where a call goes. `next` resolves at the commit point; before it, another try is safe. */
export type Stage = (call: Call, next: (call: Call) => Promise<Reply>) => Promise<Reply>
