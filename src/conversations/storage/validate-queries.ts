import { LlmError } from '../../core/error.ts'
import type { StoredRole } from './records.ts'
import { searchTerms } from './search-terms.ts'
import type { Activation, ConversationQuery, HistoryQuery, MessageQuery, MessageSearch } from './store.ts'
import { checkId } from './validate-records.ts'

const MAX_HISTORY = 1000

/** Refuses a list of conversations that is bound to nobody. */
export function checkScope(query: ConversationQuery): void {
  const { userId, participantId, orgId, projectId, everyone } = query
  const bound = [userId, participantId, orgId, projectId].some((id) => id !== undefined)
  if (bound || everyone === true) return
  refuse('userId', 'is missing: give userId, participantId, orgId or projectId, or everyone: true')
}

/** The words of a search, and that it is bound to somebody. No words find nothing. */
export function checkSearch(query: MessageSearch): readonly string[] {
  if (typeof query.text !== 'string') refuse('text', 'takes a text')
  if (query.conversationId === undefined && query.participantId === undefined)
    refuse('conversationId', 'is missing: give conversationId or participantId')
  for (const id of [query.conversationId, query.participantId]) if (id !== undefined) checkId(id, 'id')
  return searchTerms(query.text)
}

/** The words that a title must have: `undefined` where none was asked for. */
export function titleTerms(query: ConversationQuery): readonly string[] | undefined {
  return query.search === undefined || query.search.trim() === '' ? undefined : searchTerms(query.search)
}

/** Refuses a window of history that is none. */
export function checkHistory({ limit, before, roles }: HistoryQuery): void {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_HISTORY)
    refuse('limit', `takes a whole number from 1 to ${MAX_HISTORY}`)
  checkSequence(before, 'before')
  checkRoles(roles)
}

/** Refuses a list of messages that is none. */
export function checkMessages({ after, before, roles, order }: MessageQuery): void {
  checkSequence(after, 'after')
  checkSequence(before, 'before')
  checkRoles(roles)
  if (order !== undefined && order !== 'oldest' && order !== 'newest')
    refuse('order', 'takes oldest or newest')
}

/** Refuses an activation that is none. */
export function checkActivation({ offAfter }: Activation): void {
  checkSequence(offAfter, 'offAfter')
}

const ROLES: ReadonlySet<string> = new Set<StoredRole>(['system', 'user', 'assistant', 'tool'])

function checkRoles(roles: readonly StoredRole[] | undefined): void {
  if (roles?.every((role) => ROLES.has(role)) === false) refuse('roles', `takes ${[...ROLES].join(', ')}`)
}

function checkSequence(value: unknown, path: string): void {
  if (value !== undefined && !Number.isSafeInteger(value)) refuse(path, 'takes a sequence')
}

function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `the query is not valid: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
