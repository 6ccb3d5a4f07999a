import type { Clock } from '../../../core/clock.ts'
import type { Message } from '../../../core/message.ts'
import type { LogInfo } from '../../../core/stream-log.ts'
import type { Limiter } from '../../../limits/index.ts'
import type { RunHub } from '../../runs/index.ts'
import type { CallerAccess, Place, GuardedRequest } from '../guards/index.ts'
import { keyOf } from './access-key.ts'
import type { ChatInput } from './chat-input.ts'
import type { ChatHandlerOptions, Respond } from './options.ts'

/** What every route works with. */
export interface RouteParts {
  readonly options: ChatHandlerOptions
  readonly runs: RunHub
  readonly respond: Respond
  /** Gives a request's turns in their one shape; rejects with what is wrong with it. */
  readonly check: ((input: ChatInput) => Promise<readonly Message[]>) | undefined
  readonly clock: Clock
  readonly limiter: Limiter | undefined
  readonly errorBody: Place['errorBody']
}

/** One request about a stream. */
export interface StreamRequest {
  readonly parts: RouteParts
  readonly visit: GuardedRequest
  /** Conversation or stream. */
  readonly id: string
}

/** The run behind an id, where the caller may see it. */
export async function findRun({ parts, visit, id }: StreamRequest): Promise<LogInfo | undefined> {
  const { runs } = parts
  const info = (await runs.find(keyOf(visit.access, id))) ?? (await runs.info(id))
  return info !== undefined && isOwn(info, visit.access) ? info : undefined
}

/** True for a run that the caller started. */
export function isOwn({ meta }: LogInfo, { userId, tenant }: CallerAccess): boolean {
  return meta['userId'] === userId && meta['tenant'] === tenant
}
