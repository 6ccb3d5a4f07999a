import type { JsonObject } from '../../core/json.ts'
import type { ChatTask, NewTask, TaskStatus } from '../storage/index.ts'
import {
  type ConversationRequest,
  type ServiceContext,
  checkId,
  checkNonEmptyText,
  refuse,
} from '../contract/index.ts'

const STATUSES: readonly TaskStatus[] = ['pending', 'in-progress', 'completed', 'failed', 'cancelled']
const LONGEST_TASK = 500

/** A task to add to a conversation. */
export interface AddTaskRequest extends ConversationRequest, Omit<NewTask, 'id'> {}

/** Adds a task to a conversation. */
export async function addTask(service: ServiceContext, request: AddTaskRequest): Promise<ChatTask> {
  const { conversation } = await service.open(request, 'addTask')
  const { title, description, status, metadata, signal } = request
  checkNonEmptyText('title', title, LONGEST_TASK)
  checkStatus(status)
  return service.store.tasks.add(conversation.id, { title, description, status, metadata }, { signal })
}

/** Changes of a task: `undefined` keeps a field. */
export interface UpdateTaskRequest extends ConversationRequest {
  readonly taskId: string
  readonly title?: string | undefined
  readonly description?: string | null | undefined
  readonly status?: TaskStatus | undefined
  readonly metadata?: JsonObject | undefined
  /** The version that the change was made from. Rejects with `conflict` if the stored one differs. Default: any. */
  readonly version?: number | undefined
}

/** Changes a task. */
export async function updateTask(service: ServiceContext, request: UpdateTaskRequest): Promise<ChatTask> {
  const { conversation } = await service.open(request, 'updateTask')
  const { taskId, title, description, status, metadata, version, signal } = request
  checkId('taskId', taskId)
  if (title !== undefined) checkNonEmptyText('title', title, LONGEST_TASK)
  checkStatus(status)
  const change = { title, description, status, metadata, version }
  return service.store.tasks.update(conversation.id, taskId, change, { signal })
}

/** The tasks of a conversation, oldest first. */
export async function listTasks(
  service: ServiceContext,
  request: ConversationRequest,
): Promise<readonly ChatTask[]> {
  const { conversation } = await service.open(request, 'tasks')
  return service.store.tasks.list(conversation.id, { signal: request.signal })
}

function checkStatus(status: TaskStatus | undefined): void {
  if (status !== undefined && !STATUSES.includes(status))
    refuse('status', `is ${JSON.stringify(status)}; takes one of ${STATUSES.join(', ')}`)
}
