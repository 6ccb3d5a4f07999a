import {
  addCounts,
  checkCharge,
  groupReactions,
  noCounts,
  omitUndefined,
  type Reaction,
  type ReactionKey,
  reactionRecord,
  type ReactionStore,
  usageCounts,
  type UsageStore,
  usageTotals,
  userKeyText,
  userOf,
} from '../storage/index.ts'
import {
  type Context,
  frozen,
  messageOf,
  openBucket,
  openMessage,
  readBucket,
  type RunStep,
} from './context.ts'

/** Creates the reactions part of the store. */
export function reactionStore(step: RunStep): ReactionStore {
  return {
    toggle: (conversationId, key, call) =>
      step(call, (context) => add(context, conversationId, key) || !remove(context, conversationId, key)),
    add: (conversationId, key, call) => step(call, (context) => add(context, conversationId, key)),
    remove: (conversationId, key, call) => step(call, (context) => remove(context, conversationId, key)),
    list: (conversationId, messageId, call) =>
      step(call, (context) => reactionsTo(context, conversationId, [messageId])),
    groups: (conversationId, messageIds, call) =>
      step(call, (context) => groupReactions(reactionsTo(context, conversationId, messageIds))),
  }
}

function add(context: Context, conversationId: string, key: ReactionKey): boolean {
  const { reactions } = openReaction(context, conversationId, key)
  const record = frozen(reactionRecord(conversationId, key, context.stamp.now))
  if (reactions.has(keyOf(record))) return false
  context.journal.put(reactions, keyOf(record), record)
  return true
}

function remove(context: Context, conversationId: string, key: ReactionKey): boolean {
  const { reactions } = openReaction(context, conversationId, key)
  const name = keyOf(reactionRecord(conversationId, key, 0))
  const found = reactions.has(name)
  context.journal.drop(reactions, name)
  return found
}

function openReaction(
  context: Context,
  conversationId: string,
  key: ReactionKey,
): { readonly reactions: Map<string, Reaction> } {
  const bucket = openBucket(context, conversationId)
  openMessage(bucket, key.messageId)
  return bucket
}

// None of the three contains a control character.
function keyOf({ messageId, userId, emoji }: ReactionKey): string {
  return `${messageId}\n${userId}\n${emoji}`
}

function reactionsTo(
  context: Context,
  conversationId: string,
  messageIds: readonly string[],
): readonly Reaction[] {
  const bucket = readBucket(context, conversationId)
  if (bucket === undefined) return []
  const shown = new Set(messageIds.filter((id) => messageOf(bucket, id)?.deletedAt === undefined))
  return [...bucket.reactions.values()].filter(({ messageId }) => shown.has(messageId))
}

/** Creates the usage part of the store. */
export function usageStore(step: RunStep): UsageStore {
  return {
    add: (user, charge, call) =>
      step(call, ({ state, journal, stamp }) => {
        checkCharge(user, charge)
        const key = userKeyText(user)
        const counts = addCounts(state.users.get(key)?.counts ?? noCounts, usageCounts(charge))
        journal.put(state.users, key, { counts, lastUsedAt: stamp.now })
      }),
    get: (user, call) =>
      step(call, ({ state }) => {
        const key = userKeyText(user)
        const owned = [...state.buckets.values()]
          .map(({ conversation }) => conversation)
          .filter((one) => userKeyText(one) === key && one.deletedAt === undefined)
        const { counts = noCounts, lastUsedAt } = state.users.get(key) ?? {}
        return frozen({
          ...usageTotals(counts),
          ...omitUndefined(userOf(user)),
          conversationCount: owned.length,
          messageCount: owned.reduce((sum, { messageCount }) => sum + messageCount, 0),
          ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
        })
      }),
  }
}
