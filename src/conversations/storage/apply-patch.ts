import { argument, checkArguments, optional } from '../../core/check-arguments.ts'
import { LlmError } from '../../core/error.ts'
import { normalizeContent, omitUndefined, plainCopy, statuses, taskStatuses } from './normalize-records.ts'
import type {
  ChatTask,
  Conversation,
  ConversationPatch,
  MessagePatch,
  StoredMessage,
  TaskPatch,
} from './records.ts'
import { checkNumber, checkOptionalIds, checkRating, checkText, checkEnum } from './validate-records.ts'

/** The conversation with `patch` applied. Throws `invalid-request` if a field of the patch is invalid. */
export function patchConversation(record: Conversation, patch: ConversationPatch, now: number): Conversation {
  checkArguments(
    'patchConversation',
    { record: argument.object, patch: argument.object, now: argument.number },
    { record, patch, now },
  )
  const { title, summary, personaId, orgId, projectId, model, temperature, status, rating } = patch
  checkText(title ?? undefined, 'title')
  checkText(summary ?? undefined, 'summary')
  checkText(model ?? undefined, 'model')
  checkNumber(temperature ?? undefined, 'temperature')
  checkRating(rating)
  if (status !== undefined) checkEnum(status, statuses, 'status')
  checkOptionalIds({
    personaId: personaId ?? undefined,
    orgId: orgId ?? undefined,
    projectId: projectId ?? undefined,
  })
  const metadata = patch.metadata === undefined ? undefined : plainCopy(patch.metadata, 'metadata')
  const fields = changedFields({ title, summary, personaId, orgId, projectId, model, temperature, rating })
  return omitUndefined({
    ...record,
    ...fields,
    status: status ?? record.status,
    metadata: metadata ?? record.metadata,
    version: record.version + 1,
    updatedAt: now,
    lastActivityAt: Math.max(record.lastActivityAt, now),
  })
}

/** The message with `patch` applied. Throws `invalid-request` if a field of the patch is invalid. */
export function patchMessage(record: StoredMessage, patch: MessagePatch, now: number): StoredMessage {
  checkArguments(
    'patchMessage',
    { record: argument.object, patch: argument.object, now: argument.number },
    { record, patch, now },
  )
  const content = patch.content === undefined ? undefined : normalizeContent(patch.content)
  const metadata = patch.metadata === undefined ? undefined : plainCopy(patch.metadata, 'metadata')
  return omitUndefined({
    ...record,
    content: content ?? record.content,
    metadata: metadata ?? record.metadata,
    partial: patch.partial ?? record.partial,
    version: record.version + 1,
    ...(content === undefined ? {} : { editedAt: now, editedBy: patch.editedBy }),
  })
}

/** The task with `patch` applied. Throws `invalid-request` if a field of the patch is invalid. */
export function patchTask(record: ChatTask, patch: TaskPatch, now: number): ChatTask {
  checkArguments(
    'patchTask',
    { record: argument.object, patch: argument.object, now: argument.number },
    { record, patch, now },
  )
  checkText(patch.title, 'title')
  checkText(patch.description ?? undefined, 'description')
  if (patch.status !== undefined) checkEnum(patch.status, taskStatuses, 'status')
  const metadata = patch.metadata === undefined ? undefined : plainCopy(patch.metadata, 'metadata')
  return omitUndefined({
    ...record,
    ...changedFields({ description: patch.description }),
    title: patch.title ?? record.title,
    status: patch.status ?? record.status,
    metadata: metadata ?? record.metadata,
    version: record.version + 1,
    updatedAt: now,
  })
}

/** The message without its name, content and metadata, marked as deleted. */
export function erasedMessage(record: StoredMessage, now: number): StoredMessage {
  checkArguments('erasedMessage', { record: argument.object, now: argument.number }, { record, now })
  const { name: _name, ...rest } = record
  return {
    ...rest,
    content: '',
    metadata: {},
    deletedAt: record.deletedAt ?? now,
    version: record.version + 1,
  }
}

/** Throws `conflict` if `expected` is given and differs from the stored version. `what` names the record. */
export function checkVersion(what: string, stored: number, expected: number | undefined): void {
  checkArguments(
    'checkVersion',
    { what: argument.text, stored: argument.number, expected: optional.number },
    { what, stored, expected },
  )
  if (expected === undefined || expected === stored) return
  throw new LlmError(
    'conflict',
    `${what} is at version ${stored}, but the change was made from version ${expected}; read it again and repeat the change`,
  )
}

// `null` clears a field, `undefined` keeps it.
function changedFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, value === null ? undefined : value]))
}
