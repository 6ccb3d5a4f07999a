import { argument, checkArguments, optional } from '../../core/check-arguments.ts'
import { callerKey } from '../../core/caller-key.ts'
import { checkId, checkOptionalIds } from './validate-records.ts'

/** A user: the pair of tenant and id. Equal ids of two organisations are two users. */
export interface UserKey {
  readonly userId: string
  /** Organisation of the user. Default: none. */
  readonly orgId?: string | undefined
}

/** A user, or the id of one who belongs to no organisation. */
export type UserReference = string | UserKey

/** Returns the parts of a reference. */
export function userOf(user: UserReference): UserKey {
  if (typeof user === 'string') return { userId: user }
  checkArguments('a user', { userId: argument.text, orgId: optional.text }, user)
  return user
}

/** Returns one text for a user: no two users have the same. */
export function userKeyText(user: UserReference): string {
  const { userId, orgId } = userOf(user)
  return callerKey({ user: userId, tenant: orgId }) ?? ''
}

/** Throws `invalid-request` if the reference names no user. */
export function checkUser(user: UserReference): UserKey {
  const { userId, orgId } = userOf(user)
  checkId(userId, 'userId')
  checkOptionalIds({ orgId })
  return { userId, orgId }
}
