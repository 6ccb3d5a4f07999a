import { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Attachment, Page, PageQuery } from '../storage/index.ts'
import {
  type AttachmentInput,
  type ConversationRequest,
  type ServiceContext,
  canManage,
  checkAttachmentCount,
  checkId,
  readAttachment,
} from '../contract/index.ts'

/** A file for a conversation, or for one of its messages. */
export interface AttachRequest extends ConversationRequest {
  readonly attachment: AttachmentInput
  readonly messageId?: string | undefined
}

/** Adds a file, with its bytes where they are given. To show it to a model, send a turn with its id in `attachmentIds`. */
export async function attach(service: ServiceContext, request: AttachRequest): Promise<Attachment> {
  const { identity, conversation } = await service.open(request, 'attach')
  const { attachment, messageId, signal } = request
  const row = readAttachment(attachment, identity.userId, service.options.attachments)
  if (messageId !== undefined) {
    await service.message(conversation.id, messageId, signal)
    const there = await service.store.attachments.list(conversation.id, { messageId, limit: 200 }, { signal })
    checkAttachmentCount(there.items.length + 1, service.options.attachments)
  }
  return service.store.attachments.add(conversation.id, { ...row, messageId }, { signal })
}

/** Files of a conversation or of one message, oldest first. */
export async function listAttachments(
  service: ServiceContext,
  request: ConversationRequest & PageQuery & { readonly messageId?: string | undefined },
): Promise<Page<Attachment>> {
  const { conversation } = await service.open(request, 'attachments')
  const { limit, cursor, offset, withTotal, messageId, signal } = request
  const query = { limit, cursor, offset, withTotal, messageId }
  return service.store.attachments.list(conversation.id, query, { signal })
}

/** Removes a file: whoever added it may, and who rules the conversation. */
export async function detach(
  service: ServiceContext,
  request: ConversationRequest & { readonly attachmentId: string },
): Promise<void> {
  const { identity, conversation } = await service.open(request, 'detach')
  const { attachmentId, signal } = request
  checkId('attachmentId', attachmentId)
  const found = await service.store.attachments.get(conversation.id, attachmentId, { signal })
  if (found === undefined)
    throw new LlmError('not-found', `there is no attachment "${attachmentId}" in this conversation`, {
      code: 'attachment-not-found',
    })
  if (found.userId !== identity.userId && !(await canManage(service, identity, conversation)))
    throw new LlmError('unauthorized', `attachment "${attachmentId}" was added by somebody else`, {
      code: 'forbidden',
    })
  await service.store.attachments.delete(conversation.id, attachmentId, { signal })
}
