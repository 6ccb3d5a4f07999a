import { LlmError } from '../../core/error.ts'
import type { Conversation, StoredMessage } from '../storage/index.ts'
import type { Identity } from './permissions.ts'
import type { ServiceContext } from './service-context.ts'

/** Refuses to change what somebody else wrote, unless the one who asks rules the conversation. */
export function requireAuthor({ userId, id }: StoredMessage, identity: Identity, ruling: boolean): void {
  if (ruling || userId === identity.userId) return
  const message = `message "${id}" was written by somebody else: its author may change it, or who rules the conversation`
  throw new LlmError('unauthorized', message, { code: 'forbidden' })
}

/** True for the owner and the admins of a conversation. */
export async function canManage(
  service: ServiceContext,
  identity: Identity,
  conversation: Conversation,
): Promise<boolean> {
  const role = await service.guard.check(identity, 'get', conversation)
  return role === 'owner' || role === 'admin'
}
