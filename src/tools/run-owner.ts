import { callerKey } from '../core/caller-key.ts'
import type { ChatRequest } from '../core/request.ts'

/** The owner of a caller's runs: no two pairs of tenant and user have the same. Callers without an id share one. */
export function ownerOf({ userId, tags }: Pick<ChatRequest, 'userId' | 'tags'>): string {
  return callerKey({ user: userId, tenant: tags?.['tenant'], anonymous: true }) ?? ''
}
