import { LlmError } from '../../core/error.ts'
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

/** A file to attach to a conversation or to one of its messages. */
export interface AttachRequest extends ConversationRequest {
  readonly attachment: AttachmentInput
  readonly messageId?: string | undefined
}

/** Adds an attachment. To send it to a model, pass its id in `attachmentIds` of a turn. */
export async function attach(service: ServiceContext, request: AttachRequest): Promise<Attachment> {
  const { identity, conversation } = await service.open(request, 'attach')
  const { attachment, messageId, signal } = request
  const row = readAttachment(attachment, identity.userId, service.options.attachments)
  if (messageId !== undefined) {
    await service.message(conversation.id, messageId, signal)
    const present = await service.store.attachments.list(
      conversation.id,
      { messageId, limit: 200 },
      { signal },
    )
    checkAttachmentCount(present.items.length + 1, service.options.attachments)
  }
  return service.store.attachments.add(conversation.id, { ...row, messageId }, { signal })
}

/** The attachments of a conversation or of one message, oldest first. */
export async function listAttachments(
  service: ServiceContext,
  request: ConversationRequest & PageQuery & { readonly messageId?: string | undefined },
): Promise<Page<Attachment>> {
  const { conversation } = await service.open(request, 'attachments')
  const { limit, cursor, offset, withTotal, messageId, signal } = request
  const query = { limit, cursor, offset, withTotal, messageId }
  return service.store.attachments.list(conversation.id, query, { signal })
}

/** Removes an attachment. Allowed for the user who added it, owners and admins. */
export async function detach(
  service: ServiceContext,
  request: ConversationRequest & { readonly attachmentId: string },
): Promise<void> {
  const { identity, conversation } = await service.open(request, 'detach')
  const { attachmentId, signal } = request
  checkId('attachmentId', attachmentId)
  const found = await service.store.attachments.get(conversation.id, attachmentId, { signal })
  if (found === undefined)
    throw new LlmError('not-found', `no attachment "${attachmentId}" in this conversation`, {
      code: 'attachment-not-found',
    })
  if (found.userId !== identity.userId && !(await canManage(service, identity, conversation)))
    throw new LlmError(
      'unauthorized',
      `attachment "${attachmentId}" belongs to another user; only that user, an owner or an admin may remove it`,
      {
        code: 'forbidden',
      },
    )
  await service.store.attachments.delete(conversation.id, attachmentId, { signal })
}
