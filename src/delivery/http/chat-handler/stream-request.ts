import type { Clock } from '../../../core/clock.ts'
import type { Message } from '../../../core/message.ts'
import type { LogInfo } from '../../../core/stream-log.ts'
import type { Limiter } from '../../../limits/index.ts'
import type { RunHub } from '../../runs/index.ts'
import type { GuardedEndpoint, GuardedRequest } from '../guards/index.ts'
import { keyOf } from './access-key.ts'
import { findSharedRun, isStarter, type ChatServiceTarget } from './stored-chats.ts'
import type { ChatInput } from './chat-input.ts'
import type { ChatHandlerOptions, Respond } from './options.ts'

/** Dependencies of every route of one handler. */
export interface RouteParts {
  readonly options: ChatHandlerOptions
  readonly runs: RunHub
  readonly respond: Respond
  /** The chat service that stores the conversations; absent if the target is none. */
  readonly chats: ChatServiceTarget | undefined
  /** Returns the normalized messages of a request. Rejects with `invalid-request`. */
  readonly check: ((input: ChatInput) => Promise<readonly Message[]>) | undefined
  readonly clock: Clock
  readonly limiter: Limiter | undefined
  readonly estimateTokens: ((text: string) => number) | undefined
  readonly errorBody: GuardedEndpoint['errorBody']
}

/** A request about an existing stream. */
export interface StreamRequest {
  readonly parts: RouteParts
  readonly guarded: GuardedRequest
  /** Conversation id or stream id. */
  readonly id: string
}

/** Returns the run of an id, if the caller started it or may read its stored conversation. */
export async function findRun({ parts, guarded, id }: StreamRequest): Promise<LogInfo | undefined> {
  const { runs, chats } = parts
  if (chats !== undefined) return findSharedRun({ runs, chats, access: guarded.access, id })
  const info = (await runs.find(keyOf(guarded.access, id))) ?? (await runs.info(id))
  return info !== undefined && isStarter(info, guarded.access) ? info : undefined
}
