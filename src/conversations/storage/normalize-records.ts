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
  checkWord,
} from './validate-records.ts'

/** The moment of a write, and where new ids come from. */
export interface Stamp {
  /** Milliseconds since 1970. */
  readonly now: number
  newId(): string
}

/**
 * What a new conversation looks like in a store. `rootId` is that of the parent, where there is one. Throws
 * `invalid-request` for what is none.
 */
export function conversationRecord(
  input: NewConversation,
  { now, newId }: Stamp,
  rootId?: string,
): Conversation {
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
  checkWord(input.status ?? 'active', statuses, 'status')
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

/** A member as it is stored. Throws `invalid-request` also for the owner, who is none. */
export function checkMember({ userId, role }: Member, owner: string): Member {
  checkId(userId, 'members.userId')
  checkWord(role, memberRoles, 'members.role')
  if (userId === owner) refuse('members.userId', 'is the owner, who needs no membership')
  return { userId, role }
}

/** Where a message goes. */
export interface MessagePlace {
  readonly conversationId: string
  readonly sequence: number
}

/** What a new message looks like in a store. Throws `invalid-request` for what is none. */
export function messageRecord(
  input: NewMessage,
  { now, newId }: Stamp,
  { conversationId, sequence }: MessagePlace,
): StoredMessage {
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
  checkWord(input.role, roles, 'role')
  checkText(input.name, 'name')
  checkText(input.toolCallId, 'toolCallId')
  if (!Number.isSafeInteger(requestStep) || requestStep < 0 || requestStep > 1_000_000)
    refuse('requestStep', 'takes a whole number from 0')
  checkUsage(input.usage)
  checkCost(input.costUsd)
  checkTime(input.createdAt, 'createdAt')
}

/** Content as a store keeps it: plain JSON, bytes as base64 text. Throws `invalid-request` for what is no content. */
export function normalizeContent(content: string | readonly StoredPart[]): string | readonly StoredPart[] {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return refuse('content', 'takes a text or a list of parts')
  return plainCopy(content.map(textData), 'content')
}

function textData(part: StoredPart): StoredPart {
  if (typeof part !== 'object' || part === null || typeof part.type !== 'string')
    refuse('content', 'takes parts, which are objects with a type')
  return 'data' in part && part.data !== undefined ? { ...part, data: base64Of(part.data) } : part
}

/** A reaction as it is stored. Throws `invalid-request` for what is none. */
export function reactionRecord(conversationId: string, key: ReactionKey, now: number): Reaction {
  checkId(key.messageId, 'messageId')
  checkId(key.userId, 'userId')
  checkText(key.emoji, 'emoji')
  const emoji = key.emoji.normalize('NFC')
  checkId(emoji, 'emoji')
  return { conversationId, messageId: key.messageId, userId: key.userId, emoji, createdAt: now }
}

/** Reactions by message and emoji, in the order of the first of each. */
export function groupReactions(reactions: readonly Reaction[]): readonly ReactionGroup[] {
  const groups = new Map<string, ReactionGroup>()
  for (const { messageId, emoji, userId } of reactions) {
    const name = `${messageId}\n${emoji}`
    const userIds = [...(groups.get(name)?.userIds ?? []), userId]
    groups.set(name, { messageId, emoji, count: userIds.length, userIds })
  }
  return [...groups.values()]
}

/** Refuses what cannot be added to a user's totals. */
export function checkCharge(userId: string, charge: UsageCharge): void {
  checkId(userId, 'userId')
  if (typeof charge.usage !== 'object' || charge.usage === null) refuse('usage', 'takes the usage of a call')
  checkUsage(charge.usage)
  checkCost(charge.costUsd)
}

/** An attachment as it is stored. Throws `invalid-request` for what is none. */
export function attachmentRecord(
  conversationId: string,
  input: NewAttachment,
  { now, newId }: Stamp,
): Attachment {
  const { id = newId(), messageId, userId, name, mediaType, sizeBytes, url, text, data } = input
  checkOptionalIds({ id, messageId })
  checkId(userId, 'userId')
  if (typeof name !== 'string' || name === '') refuse('name', 'takes a text that is not empty')
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

/** A task as it is stored. Throws `invalid-request` for what is none. */
export function taskRecord(conversationId: string, input: NewTask, { now, newId }: Stamp): ChatTask {
  const { id = newId(), title, description, status = 'pending', metadata = {} } = input
  checkId(id, 'id')
  if (typeof title !== 'string' || title === '') refuse('title', 'takes a text that is not empty')
  checkText(description, 'description')
  checkWord(status, taskStatuses, 'status')
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

/** A summary as it is stored. Throws `invalid-request` for what is none. */
export function summaryRecord(conversationId: string, input: NewSummary, { now, newId }: Stamp): Summary {
  const { id = newId(), text, upToSequence, model, usage, metadata = {} } = input
  checkId(id, 'id')
  if (typeof text !== 'string') refuse('text', 'takes a text')
  if (!Number.isSafeInteger(upToSequence) || upToSequence < 0)
    refuse('upToSequence', 'takes the sequence of a message')
  checkText(model, 'model')
  checkUsage(usage)
  const copy = plainCopy(metadata, 'metadata')
  const spent = usage === undefined ? undefined : { ...usage }
  const what = { text, upToSequence, model, usage: spent, metadata: copy }
  return omitUndefined({ id, conversationId, ...what, createdAt: now })
}

/** The record without its fields that are `undefined`: as it is when it comes back from JSON. */
export function omitUndefined<T extends object>(record: T): T {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(record)) if (value !== undefined) kept[name] = value
  return kept as T
}

/** A copy that holds what JSON can hold and nothing else. Throws `invalid-request` for what JSON cannot. */
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
  throw new LlmError('invalid-request', `the record is not valid: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
