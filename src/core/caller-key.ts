/** Who calls, as limits, queue and stream caps tell callers apart. */
export interface Caller {
  readonly user?: string | undefined
  readonly tenant?: string | undefined
  /** Whether a caller without `user` shares one key with all such callers of the tenant. Default: it has no key. */
  readonly anonymous?: boolean | undefined
}

/** A caller in a conversation. */
export interface Participant extends Caller {
  readonly conversation?: string | undefined
  /** Whether the caller's access to the conversation was checked, so that all its members share one key. Default false. */
  readonly conversationChecked?: boolean | undefined
}

/**
 * Returns the key of a caller: no two pairs of tenant and user have the same, and a user without a tenant has its own id. Returns
 * `undefined` for a caller without an id, unless it is `anonymous`.
 */
export function callerKey({ user, tenant, anonymous = false }: Caller): string | undefined {
  if (isPresent(user)) return keyIn(tenant, user)
  return anonymous ? `@${escaped(tenant ?? '')}/` : undefined
}

/**
 * Returns the key of a conversation: one for all its members if the access was checked, or else one for each caller, because
 * anybody can send the id of a conversation. Returns `undefined` without a conversation.
 */
export function conversationKey({ conversation, ...caller }: Participant): string | undefined {
  if (!isPresent(conversation)) return undefined
  const { user, tenant, anonymous = false, conversationChecked = false } = caller
  if (conversationChecked || (!isPresent(user) && !anonymous)) return keyIn(tenant, conversation)
  return `@${escaped(tenant ?? '')}@${escaped(user ?? '')}/${conversation}`
}

function keyIn(tenant: string | undefined, id: string): string {
  return isPresent(tenant) || id.startsWith('@') ? `@${escaped(tenant ?? '')}/${id}` : id
}

function escaped(part: string): string {
  return part.replaceAll(/[%/@]/g, (mark) => `%${mark.charCodeAt(0)}`)
}

function isPresent(id: string | undefined): id is string {
  return id !== undefined && id !== ''
}
