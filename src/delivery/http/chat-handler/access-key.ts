import type { CallerAccess } from '../guards/index.ts'

/** The name of a caller's conversation among those of all callers: pages choose their own ids. */
export function keyOf({ tenant, userId }: CallerAccess, conversationId: string): string {
  return JSON.stringify([tenant ?? null, userId ?? null, conversationId])
}
