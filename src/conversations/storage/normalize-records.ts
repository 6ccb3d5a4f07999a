import { required, withMethods, type Field } from '../../core/schema.ts'
import { argument, checkArguments, optional } from '../../core/check-arguments.ts'
import { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import { base64Of } from '../../core/message.ts'
import type {
  Attachment,
  ChatTask,
  Conversation,
  Member,
  NewAttachment,
  NewConversation,
  NewMessage,
  NewSummary,
  NewTask,
  Reaction,
  ReactionGroup,
  ReactionKey,
  StoredMessage,
  StoredPart,
  Summary,
  UsageCharge,
} from './records.ts'
import { checkUser, type UserReference } from './user-key.ts'
import { noUsage } from './usage-totals.ts'
import {
  checkCost,
  checkId,
  checkNumber,
  checkOptionalIds,
  checkRating,
  checkText,
  checkTime,
  checkUsage,
  checkEnum,
} from './validate-records.ts'

/** The time of a write, and the source of new ids. */
export interface Stamp {
  /** Milliseconds since 1970. */
  readonly now: number
  newId(): string
}

// Ids are made before anything is checked.
const stampField: Field = required(withMethods('newId'))

/**
 * The stored form of a new conversation, with defaults filled in. `rootId` is the parent's, if there is a parent. Throws
 * `invalid-request` if a field is invalid.
 */
export function conversationRecord(input: NewConversation, stamp: Stamp, rootId?: string): Conversation {
  checkArguments(
    'conversationRecord',
    { input: argument.object, stamp: stampField, rootId: optional.text },
    { input, stamp, rootId },
  )
  const { now, newId } = stamp
  checkConversation(input)
  const { createdAt = now, members = [], metadata = {}, status = 'active', id = newId() } = input
  const { userId, orgId, projectId, title, summary, personaId, model, temperature, rating } = input
  const { parentId, forkedFromMessageId, requestId } = input
  return omitUndefined({
    id,
    userId,
    orgId,
    projectId,
    title,
    summary,
    personaId,
    model,
    temperature,
    status,
    rating,
    parentId,
    forkedFromMessageId,
    requestId,
    members: uniqueMembers(members, userId),
    metadata: plainCopy(metadata, 'metadata'),
    rootId: rootId ?? id,
    messageCount: 0,
    lastSequence: 0,
    usage: noUsage,
    version: 1,
    createdAt,
    updatedAt: createdAt,
    lastActivityAt: createdAt,
  })
}

function checkConversation(input: NewConversation): void {
  checkId(input.userId, 'userId')
  const { id, orgId, projectId, personaId, parentId, forkedFromMessageId, requestId } = input
  checkOptionalIds({ id, orgId, projectId, personaId, parentId, forkedFromMessageId, requestId })
  checkText(input.title, 'title')
  checkText(input.summary, 'summary')
  checkText(input.model, 'model')
  checkNumber(input.temperature, 'temperature')
  checkEnum(input.status ?? 'active', statuses, 'status')
  checkRating(input.rating)
  checkTime(input.createdAt, 'createdAt')
}

export const statuses: readonly Conversation['status'][] = ['active', 'completed', 'archived']
const memberRoles: readonly Member['role'][] = ['owner', 'admin', 'editor', 'member', 'viewer']
const roles: readonly StoredMessage['role'][] = ['system', 'user', 'assistant', 'tool']

function uniqueMembers(members: readonly Member[], owner: string): readonly Member[] {
  const checked = members.map((member) => checkMember(member, owner))
  return [...new Map(checked.map((member) => [member.userId, member])).values()]
}

/** The stored form of a member. Throws `invalid-request` if a field is invalid or the user is the owner. */
export function checkMember(member: Member, owner: string): Member {
  checkArguments('checkMember', { member: argument.object, owner: argument.text }, { member, owner })
  const { userId, role } = member
  checkId(userId, 'members.userId')
  checkEnum(role, memberRoles, 'members.role')
  if (userId === owner) refuse('members.userId', `is the owner "${owner}"; list only other users`)
  return { userId, role }
}

/** The conversation and the sequence of a new message. */
export interface MessagePlace {
  readonly conversationId: string
  readonly sequence: number
}

/** The stored form of a new message, with defaults filled in. Throws `invalid-request` if a field is invalid. */
export function messageRecord(input: NewMessage, stamp: Stamp, place: MessagePlace): StoredMessage {
  checkArguments(
    'messageRecord',
    { input: argument.object, stamp: stampField, place: argument.object },
    { input, stamp, place },
  )
  const { conversationId, sequence } = place
  const { now, newId } = stamp
  checkMessage(input)
  const { id = newId(), createdAt = now, active = true, partial = false, requestId, usage } = input
  const { role, userId, name, toolCallId, isError, parentId, variantOf } = input
  const { provider, model, finishReason } = input
  return omitUndefined({
    id,
    conversationId,
    sequence,
    role,
    userId,
    name,
    toolCallId,
    isError,
    parentId,
    variantOf,
    provider,
    model,
    finishReason,
    requestId,
    ...(requestId === undefined ? {} : { requestStep: input.requestStep ?? 0 }),
    ...(usage === undefined ? {} : { usage: { ...usage }, costUsd: input.costUsd ?? null }),
    content: normalizeContent(input.content),
    active,
    partial,
    metadata: plainCopy(input.metadata ?? {}, 'metadata'),
    version: 1,
    createdAt,
  })
}

function checkMessage(input: NewMessage): void {
  const { id, userId, parentId, variantOf, requestId, requestStep = 0 } = input
  checkOptionalIds({ id, userId, parentId, variantOf, requestId })
  checkEnum(input.role, roles, 'role')
  checkText(input.name, 'name')
  checkText(input.toolCallId, 'toolCallId')
  if (!Number.isSafeInteger(requestStep) || requestStep < 0 || requestStep > 1_000_000)
    refuse('requestStep', 'takes a whole number from 0')
  checkUsage(input.usage)
  checkCost(input.costUsd)
  checkTime(input.createdAt, 'createdAt')
}

/** Content as plain JSON, with bytes as base64 text. Throws `invalid-request` if it is neither a string nor parts. */
export function normalizeContent(content: string | readonly StoredPart[]): string | readonly StoredPart[] {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return refuse('content', 'takes a string or an array of parts')
  return plainCopy(content.map(textData), 'content')
}

function textData(part: StoredPart): StoredPart {
  if (typeof part !== 'object' || part === null || typeof part.type !== 'string')
    refuse('content', 'takes parts: objects with a type')
  return 'data' in part && part.data !== undefined ? { ...part, data: base64Of(part.data) } : part
}

/** The stored form of a reaction. Throws `invalid-request` if a field is invalid. */
export function reactionRecord(conversationId: string, key: ReactionKey, now: number): Reaction {
  checkArguments(
    'reactionRecord',
    { conversationId: argument.text, key: argument.object, now: argument.number },
    { conversationId, key, now },
  )
  checkId(key.messageId, 'messageId')
  checkId(key.userId, 'userId')
  checkText(key.emoji, 'emoji')
  const emoji = key.emoji.normalize('NFC')
  checkId(emoji, 'emoji')
  return { conversationId, messageId: key.messageId, userId: key.userId, emoji, createdAt: now }
}

/** Groups reactions by message and emoji, ordered by the first reaction of each group. */
export function groupReactions(reactions: readonly Reaction[]): readonly ReactionGroup[] {
  checkArguments('groupReactions', { reactions: argument.objects }, { reactions })
  const groups = new Map<string, ReactionGroup>()
  for (const { messageId, emoji, userId } of reactions) {
    const name = `${messageId}\n${emoji}`
    const userIds = [...(groups.get(name)?.userIds ?? []), userId]
    groups.set(name, { messageId, emoji, count: userIds.length, userIds })
  }
  return [...groups.values()]
}

/** Throws `invalid-request` if the charge cannot be added to a user's totals. */
export function checkCharge(user: UserReference, charge: UsageCharge): void {
  checkArguments('checkCharge', { charge: argument.object }, { charge })
  checkUser(user)
  if (typeof charge.usage !== 'object' || charge.usage === null)
    refuse('usage', 'takes the token usage of a call')
  checkUsage(charge.usage)
  checkCost(charge.costUsd)
}

/** The stored form of a new attachment. Throws `invalid-request` if a field is invalid. */
export function attachmentRecord(conversationId: string, input: NewAttachment, stamp: Stamp): Attachment {
  checkArguments(
    'attachmentRecord',
    { conversationId: argument.text, input: argument.object, stamp: stampField },
    { conversationId, input, stamp },
  )
  const { now, newId } = stamp
  const { id = newId(), messageId, userId, name, mediaType, sizeBytes, url, text, data } = input
  checkOptionalIds({ id, messageId })
  checkId(userId, 'userId')
  if (typeof name !== 'string' || name === '') refuse('name', 'takes a non-empty string')
  if (typeof mediaType !== 'string') refuse('mediaType', 'takes a media type such as image/png')
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) refuse('sizeBytes', 'takes a whole number from 0')
  checkText(url, 'url')
  checkText(text, 'text')
  checkText(data, 'data')
  const metadata = plainCopy(input.metadata ?? {}, 'metadata')
  const what = { name, mediaType, sizeBytes, url, text, data, metadata }
  return omitUndefined({ id, conversationId, messageId, userId, ...what, createdAt: now })
}

export const taskStatuses: readonly ChatTask['status'][] = [
  'pending',
  'in-progress',
  'completed',
  'failed',
  'cancelled',
]

/** The stored form of a new task. Throws `invalid-request` if a field is invalid. */
export function taskRecord(conversationId: string, input: NewTask, stamp: Stamp): ChatTask {
  checkArguments(
    'taskRecord',
    { conversationId: argument.text, input: argument.object, stamp: stampField },
    { conversationId, input, stamp },
  )
  const { now, newId } = stamp
  const { id = newId(), title, description, status = 'pending', metadata = {} } = input
  checkId(id, 'id')
  if (typeof title !== 'string' || title === '') refuse('title', 'takes a non-empty string')
  checkText(description, 'description')
  checkEnum(status, taskStatuses, 'status')
  const copy = plainCopy(metadata, 'metadata')
  const times = { createdAt: now, updatedAt: now }
  return omitUndefined({
    id,
    conversationId,
    title,
    description,
    status,
    metadata: copy,
    version: 1,
    ...times,
  })
}

/** The stored form of a new summary. Throws `invalid-request` if a field is invalid. */
export function summaryRecord(conversationId: string, input: NewSummary, stamp: Stamp): Summary {
  checkArguments(
    'summaryRecord',
    { conversationId: argument.text, input: argument.object, stamp: stampField },
    { conversationId, input, stamp },
  )
  const { now, newId } = stamp
  const { id = newId(), text, upToSequence, model, usage, metadata = {} } = input
  checkId(id, 'id')
  if (typeof text !== 'string') refuse('text', 'takes a string')
  if (!Number.isSafeInteger(upToSequence) || upToSequence < 0)
    refuse('upToSequence', 'takes the sequence of a message')
  checkText(model, 'model')
  checkUsage(usage)
  const copy = plainCopy(metadata, 'metadata')
  const spent = usage === undefined ? undefined : { ...usage }
  const what = { text, upToSequence, model, usage: spent, metadata: copy }
  return omitUndefined({ id, conversationId, ...what, createdAt: now })
}

/** A copy of the record without fields that are `undefined`, as JSON would return it. */
export function omitUndefined<T extends object>(record: T): T {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(record)) if (value !== undefined) kept[name] = value
  return kept as T
}

/** A copy that went through JSON. Throws `invalid-request` if the value cannot be written as JSON. */
export function plainCopy<T extends JsonObject | readonly StoredPart[]>(value: T, path: string): T {
  if (typeof value !== 'object' || value === null) return refuse(path, 'takes an object')
  try {
    return JSON.parse(JSON.stringify(value)) as T
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return refuse(path, `cannot be written as JSON: ${reason.split('\n', 1)[0]}`)
  }
}

function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `invalid record: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
