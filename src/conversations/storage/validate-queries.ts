import { argument, checkArguments, optional } from '../../core/check-arguments.ts'
import { LlmError } from '../../core/error.ts'
import type { StoredRole } from './records.ts'
import { searchTerms } from './search-terms.ts'
import type { Activation, ConversationQuery, HistoryQuery, MessageQuery, MessageSearch } from './store.ts'
import { checkId } from './validate-records.ts'

const MAX_HISTORY = 1000

/** Throws `invalid-request` if a conversation query has no owner, participant, organisation or project. */
export function checkScope(query: ConversationQuery): void {
  checkArguments('checkScope', { query: argument.object }, { query })
  const { userId, participantId, orgId, projectId, everyone } = query
  const bound = [userId, participantId, orgId, projectId].some((id) => id !== undefined)
  if (bound || everyone === true) return
  refuse('userId', 'is missing: pass userId, participantId, orgId or projectId, or everyone: true')
}

/** The search terms of a query; none match nothing. Throws `invalid-request` without a conversation or participant. */
export function checkSearch(query: MessageSearch): readonly string[] {
  checkArguments('checkSearch', { query: argument.object }, { query })
  if (typeof query.text !== 'string') refuse('text', 'takes a string')
  if (query.conversationId === undefined && query.participantId === undefined)
    refuse('conversationId', 'is missing: pass conversationId or participantId')
  for (const id of [query.conversationId, query.participantId]) if (id !== undefined) checkId(id, 'id')
  return searchTerms(query.text)
}

/** The terms that a title must contain; `undefined` if the query has no `search`. */
export function titleTerms(query: ConversationQuery): readonly string[] | undefined {
  checkArguments(
    'titleTerms',
    { query: argument.object, search: optional.text },
    { query, search: (query as ConversationQuery | null)?.search },
  )
  return query.search === undefined || query.search.trim() === '' ? undefined : searchTerms(query.search)
}

/** Throws `invalid-request` if a field of the history query is invalid. */
export function checkHistory(query: HistoryQuery): void {
  checkArguments('checkHistory', { query: argument.object }, { query })
  const { limit, before, roles } = query
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_HISTORY)
    refuse('limit', `takes a whole number from 1 to ${MAX_HISTORY}`)
  checkSequence(before, 'before')
  checkRoles(roles)
}

/** Throws `invalid-request` if a field of the message query is invalid. */
export function checkMessages(query: MessageQuery): void {
  checkArguments('checkMessages', { query: argument.object }, { query })
  const { after, before, roles, order } = query
  checkSequence(after, 'after')
  checkSequence(before, 'before')
  checkRoles(roles)
  if (order !== undefined && order !== 'oldest' && order !== 'newest')
    refuse('order', 'takes oldest or newest')
}

/** Throws `invalid-request` if a field of the activation is invalid. */
export function checkActivation(activation: Activation): void {
  checkArguments('checkActivation', { activation: argument.object }, { activation })
  const { offAfter } = activation
  checkSequence(offAfter, 'offAfter')
}

const ROLES: ReadonlySet<string> = new Set<StoredRole>(['system', 'user', 'assistant', 'tool'])

function checkRoles(roles: readonly StoredRole[] | undefined): void {
  if (roles?.every((role) => ROLES.has(role)) === false)
    refuse('roles', `takes an array of ${[...ROLES].join(', ')}`)
}

function checkSequence(value: unknown, path: string): void {
  if (value !== undefined && !Number.isSafeInteger(value)) refuse(path, 'takes the sequence of a message')
}

function refuse(path: string, problem: string): never {
  throw new LlmError('invalid-request', `invalid query: ${path} ${problem}`, {
    issues: [{ path, message: problem }],
  })
}
