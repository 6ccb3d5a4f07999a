import {
  checkCharge,
  groupReactions,
  noCounts,
  type Reaction,
  reactionRecord,
  type ReactionKey,
  type ReactionStore,
  type UsageCounts,
  usageCounts,
  type UsageStore,
  usageTotals,
  userKeyText,
  userOf,
} from 'llm-switchyard/conversations/store-kit'
import { nextPlace } from './parts.ts'
import { bodyOf, isOpen, keyOf, openMessage, type Run, type Step } from './step.ts'

export function reactionStore({ read, write }: Run): ReactionStore {
  return {
    toggle: (conversationId, key, call) =>
      write(call, async (step) => {
        const record = await openReaction(step, conversationId, key)
        return (await insert(step, record)) || !(await remove(step, record))
      }),
    add: (conversationId, key, call) =>
      write(call, async (step) => insert(step, await openReaction(step, conversationId, key))),
    remove: (conversationId, key, call) =>
      write(call, async (step) => remove(step, await openReaction(step, conversationId, key))),
    list: (conversationId, messageId, call) =>
      read(call, (step) => reactionsTo(step, conversationId, [messageId])),
    groups: (conversationId, messageIds, call) =>
      read(call, async (step) => groupReactions(await reactionsTo(step, conversationId, messageIds))),
  }
}

async function openReaction(step: Step, conversationId: string, key: ReactionKey): Promise<Reaction> {
  const record = reactionRecord(conversationId, key, step.stamp.now)
  await openMessage(step, conversationId, key.messageId)
  return record
}

function idOf({ conversationId, messageId, userId, emoji }: Reaction): string {
  return keyOf(conversationId, messageId, userId, emoji)
}

async function insert(step: Step, record: Reaction): Promise<boolean> {
  const _id = idOf(record)
  if ((await step.in('reactions').countDocuments({ _id }, step.inside)) > 0) return false
  const { conversationId, messageId } = record
  const place = await nextPlace(step, conversationId)
  const document = { _id, conversationId, messageId, place, body: JSON.stringify(record) }
  await step.in('reactions').insertMany([document], step.inside)
  return true
}

async function remove(step: Step, record: Reaction): Promise<boolean> {
  return (await step.in('reactions').deleteMany({ _id: idOf(record) }, step.inside)).deletedCount > 0
}

async function reactionsTo(
  step: Step,
  conversationId: string,
  messageIds: readonly string[],
): Promise<readonly Reaction[]> {
  if (!(await isOpen(step, conversationId))) return []
  const shown = { conversationId, id: { $in: messageIds }, deletedAt: null }
  const messages = await step.in('messages').find(shown, step.inside).toArray()
  const filter = { conversationId, messageId: { $in: messages.map(({ id }) => id) } }
  const sorted = { ...step.inside, sort: { place: 1 } as const }
  const found = await step.in('reactions').find(filter, sorted).toArray()
  return found.map((document) => bodyOf(document) as Reaction)
}

export function usageStore({ read, write }: Run): UsageStore {
  return {
    add: (user, charge, call) =>
      write(call, async (step) => {
        checkCharge(user, charge)
        const added = Object.entries(usageCounts(charge)).map(([name, value]) => [name, value as number])
        const update = { $inc: Object.fromEntries(added), $max: { lastUsedAt: step.stamp.now } }
        await step.in('usage').updateOne({ _id: userKeyText(user) }, update, { ...step.inside, upsert: true })
      }),
    get: (user, call) =>
      read(call, async (step) => {
        const { userId, orgId } = userOf(user)
        const found = await step.in('usage').findOne({ _id: userKeyText(user) }, step.inside)
        const own = { userId, orgId: orgId ?? null, deletedAt: null }
        const owned = await step.in('conversations').find(own, step.inside).toArray()
        const counts = Object.keys(noCounts).map((name) => [name, Number(found?.[name] ?? 0)])
        return {
          ...usageTotals(Object.fromEntries(counts) as UsageCounts),
          userId,
          ...(orgId === undefined ? {} : { orgId }),
          conversationCount: owned.length,
          messageCount: owned.reduce((sum, { messageCount }) => sum + Number(messageCount), 0),
          ...(found === null ? {} : { lastUsedAt: Number(found['lastUsedAt']) }),
        }
      }),
  }
}
