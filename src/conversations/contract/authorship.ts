import { LlmError } from '../../core/error.ts'
import type { Conversation, StoredMessage } from '../storage/index.ts'
import type { Identity } from './permissions.ts'
import type { ServiceContext } from './service-context.ts'

/** Throws `unauthorized` unless the caller wrote the message, or manages the conversation and no user wrote it. */
export function requireAuthor({ userId, id }: StoredMessage, identity: Identity, manages: boolean): void {
  if (userId === identity.userId || (userId === undefined && manages)) return
  throw forbiddenMessage(`message "${id}" belongs to another user; only its author may rewrite it`)
}

/** Throws `unauthorized` unless the caller wrote the message or manages the conversation. */
export function requireDeleter({ userId, id }: StoredMessage, identity: Identity, manages: boolean): void {
  if (manages || userId === identity.userId) return
  const message = `message "${id}" belongs to another user; only its author, an owner or an admin may delete it`
  throw forbiddenMessage(message)
}

function forbiddenMessage(message: string): LlmError {
  return new LlmError('unauthorized', message, { code: 'forbidden' })
}

/** Whether the caller is an owner or admin of the conversation. Rejects like {@link Guard.check} if it may not be read. */
export async function canManage(
  service: ServiceContext,
  identity: Identity,
  conversation: Conversation,
): Promise<boolean> {
  const role = await service.guard.check(identity, 'get', conversation)
  return role === 'owner' || role === 'admin'
}
