import { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Page, PageQuery } from '../storage/pagination.ts'
import type { Attachment, ChatTask, NewTask, TaskStatus } from '../storage/records.ts'
import { checkAttachmentCount, readAttachment } from '../contract/validate-attachment.ts'
import { canManage } from './branches.ts'
import { checkText, type ConversationRequest, type ServiceContext } from '../contract/service-context.ts'
import { checkId, refuse, type AttachmentInput } from '../contract/requests.ts'

/** A file for a conversation, or for one of its messages. */
export interface AttachRequest extends ConversationRequest {
  readonly attachment: AttachmentInput
  readonly messageId?: string | undefined
}

/** Adds a file, with its bytes where they are given. To show it to a model, send a turn with its id in `attachmentIds`. */
export async function attach(desk: ServiceContext, request: AttachRequest): Promise<Attachment> {
  const { identity, conversation } = await desk.open(request, 'attach')
  const { attachment, messageId, signal } = request
  const row = readAttachment(attachment, identity.userId, desk.options.attachments)
  if (messageId !== undefined) {
    await desk.message(conversation.id, messageId, signal)
    const there = await desk.store.attachments.list(conversation.id, { messageId, limit: 200 }, { signal })
    checkAttachmentCount(there.items.length + 1, desk.options.attachments)
  }
  return desk.store.attachments.add(conversation.id, { ...row, messageId }, { signal })
}

/** Files of a conversation or of one message, oldest first. */
export async function listAttachments(
  desk: ServiceContext,
  request: ConversationRequest & PageQuery & { readonly messageId?: string | undefined },
): Promise<Page<Attachment>> {
  const { conversation } = await desk.open(request, 'attachments')
  const { limit, cursor, offset, withTotal, messageId, signal } = request
  const query = { limit, cursor, offset, withTotal, messageId }
  return desk.store.attachments.list(conversation.id, query, { signal })
}

/** Removes a file: whoever added it may, and who rules the conversation. */
export async function detach(
  desk: ServiceContext,
  request: ConversationRequest & { readonly attachmentId: string },
): Promise<void> {
  const { identity, conversation } = await desk.open(request, 'detach')
  const { attachmentId, signal } = request
  checkId('attachmentId', attachmentId)
  const found = await desk.store.attachments.get(conversation.id, attachmentId, { signal })
  if (found === undefined)
    throw new LlmError('not-found', `there is no attachment "${attachmentId}" in this conversation`, {
      code: 'attachment-not-found',
    })
  if (found.userId !== identity.userId && !(await canManage(desk, identity, conversation)))
    throw new LlmError('unauthorized', `attachment "${attachmentId}" was added by somebody else`, {
      code: 'forbidden',
    })
  await desk.store.attachments.delete(conversation.id, attachmentId, { signal })
}

const STATUSES: readonly TaskStatus[] = ['pending', 'in-progress', 'completed', 'failed', 'cancelled']
const LONGEST_TASK = 500

/** A task for a conversation. */
export interface AddTaskRequest extends ConversationRequest, Omit<NewTask, 'id'> {}

/** Adds a task. */
export async function addTask(desk: ServiceContext, request: AddTaskRequest): Promise<ChatTask> {
  const { conversation } = await desk.open(request, 'addTask')
  const { title, description, status, metadata, signal } = request
  checkText('title', title, LONGEST_TASK)
  checkStatus(status)
  return desk.store.tasks.add(conversation.id, { title, description, status, metadata }, { signal })
}

/** Changes of a task. */
export interface UpdateTaskRequest extends ConversationRequest {
  readonly taskId: string
  readonly title?: string | undefined
  readonly description?: string | null | undefined
  readonly status?: TaskStatus | undefined
  readonly metadata?: JsonObject | undefined
  readonly version?: number | undefined
}

/** Changes a task. */
export async function updateTask(desk: ServiceContext, request: UpdateTaskRequest): Promise<ChatTask> {
  const { conversation } = await desk.open(request, 'updateTask')
  const { taskId, title, description, status, metadata, version, signal } = request
  checkId('taskId', taskId)
  if (title !== undefined) checkText('title', title, LONGEST_TASK)
  checkStatus(status)
  const change = { title, description, status, metadata, version }
  return desk.store.tasks.update(conversation.id, taskId, change, { signal })
}

/** The tasks of a conversation, oldest first. */
export async function listTasks(
  desk: ServiceContext,
  request: ConversationRequest,
): Promise<readonly ChatTask[]> {
  const { conversation } = await desk.open(request, 'tasks')
  return desk.store.tasks.list(conversation.id, { signal: request.signal })
}

function checkStatus(status: TaskStatus | undefined): void {
  if (status !== undefined && !STATUSES.includes(status)) refuse('status', `is one of ${STATUSES.join(', ')}`)
}
