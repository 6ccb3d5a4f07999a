import type { CallerAccess } from '../guards/index.ts'

/** Returns a key for a caller's conversation that no other caller has, because pages choose their own ids. */
export function keyOf({ tenant, userId }: CallerAccess, conversationId: string): string {
  return JSON.stringify([tenant ?? null, userId ?? null, conversationId])
}
