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
import { checkNumber, checkOptionalIds, checkRating, checkText, checkWord } from './validate-records.ts'

/** The conversation after a change. Throws `invalid-request` for a change that is none. */
export function patchConversation(record: Conversation, patch: ConversationPatch, now: number): Conversation {
  const { title, summary, personaId, orgId, projectId, model, temperature, status, rating } = patch
  checkText(title ?? undefined, 'title')
  checkText(summary ?? undefined, 'summary')
  checkText(model ?? undefined, 'model')
  checkNumber(temperature ?? undefined, 'temperature')
  checkRating(rating)
  if (status !== undefined) checkWord(status, statuses, 'status')
  checkOptionalIds({
    personaId: personaId ?? undefined,
    orgId: orgId ?? undefined,
    projectId: projectId ?? undefined,
  })
  const metadata = patch.metadata === undefined ? undefined : plainCopy(patch.metadata, 'metadata')
  const laid = lay({ title, summary, personaId, orgId, projectId, model, temperature, rating })
  return omitUndefined({
    ...record,
    ...laid,
    status: status ?? record.status,
    metadata: metadata ?? record.metadata,
    version: record.version + 1,
    updatedAt: now,
    lastActivityAt: Math.max(record.lastActivityAt, now),
  })
}

/** The message after a change. Throws `invalid-request` for a change that is none. */
export function patchMessage(record: StoredMessage, patch: MessagePatch, now: number): StoredMessage {
  const content = patch.content === undefined ? undefined : normalizeContent(patch.content)
  const metadata = patch.metadata === undefined ? undefined : plainCopy(patch.metadata, 'metadata')
  return omitUndefined({
    ...record,
    content: content ?? record.content,
    metadata: metadata ?? record.metadata,
    partial: patch.partial ?? record.partial,
    version: record.version + 1,
    ...(content === undefined ? {} : { editedAt: now }),
  })
}

/** The task after a change. Throws `invalid-request` for a change that is none. */
export function patchTask(record: ChatTask, patch: TaskPatch, now: number): ChatTask {
  checkText(patch.title, 'title')
  checkText(patch.description ?? undefined, 'description')
  if (patch.status !== undefined) checkWord(patch.status, taskStatuses, 'status')
  const metadata = patch.metadata === undefined ? undefined : plainCopy(patch.metadata, 'metadata')
  return omitUndefined({
    ...record,
    ...lay({ description: patch.description }),
    title: patch.title ?? record.title,
    status: patch.status ?? record.status,
    metadata: metadata ?? record.metadata,
    version: record.version + 1,
    updatedAt: now,
  })
}

/** What is left of a message that was wiped. */
export function erasedMessage(record: StoredMessage, now: number): StoredMessage {
  const { name: _name, ...rest } = record
  return {
    ...rest,
    content: '',
    metadata: {},
    deletedAt: record.deletedAt ?? now,
    version: record.version + 1,
  }
}

/** Refuses a change that was made from another version than the one that is stored. */
export function checkVersion(what: string, stored: number, expected: number | undefined): void {
  if (expected === undefined || expected === stored) return
  throw new LlmError(
    'conflict',
    `${what} was changed meanwhile: it is at version ${stored}, the change was made from version ${expected}; read it again and repeat the change`,
  )
}

// `null` empties a field, what is left out stays.
function lay(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const laid = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(laid.map(([name, value]) => [name, value === null ? undefined : value]))
}
