import { type Activation, checkActivation, notFound, type StoredMessage } from '../storage/index.ts'
import { type Context, messageOf, putConversation, putMessage } from './context.ts'
import type { Bucket } from './state.ts'

/** Whether a message is part of the history. */
export function isInHistory({ active, deletedAt }: StoredMessage): boolean {
  return active && deletedAt === undefined
}

/** Activates and deactivates messages. Returns how many changed. Throws `not-found` if an id is unknown. */
export function activate(context: Context, bucket: Bucket, change: Activation): number {
  checkActivation(change)
  const { on = [], off = [], offAfter = Infinity } = change
  for (const id of [...on, ...off]) if (messageOf(bucket, id) === undefined) throw notFound('message', id)
  let changed = 0
  let difference = 0
  for (const message of bucket.messages) {
    const out = off.includes(message.id) || message.sequence > offAfter
    const active = on.includes(message.id) || (message.active && !out)
    if (active === message.active) continue
    putMessage(context, bucket, { ...message, active })
    changed++
    if (message.deletedAt === undefined) difference += active ? 1 : -1
  }
  const { messageCount } = bucket.conversation
  if (difference !== 0) putConversation(context, bucket, { messageCount: messageCount + difference })
  return changed
}
