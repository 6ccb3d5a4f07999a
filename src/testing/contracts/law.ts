import assert from 'node:assert/strict'
import type { ChatStore, Conversation, NewConversation, StoredMessage } from '../../conversations/index.ts'
import { LlmError, type ErrorKind } from '../../core/error.ts'

/** One law of every chat store. `check` rejects where the store that `make` gives breaks it, and closes that store. */
export interface ChatStoreLaw {
  readonly name: string
  check(make: () => ChatStore | Promise<ChatStore>): Promise<void>
}

/** A law before it is wrapped: what it is called, and what it does with a store. */
export type Trial = readonly [name: string, run: (store: ChatStore, ids: Ids) => Promise<void>]

/** Names that no other law uses, so that all of them may run on one database. */
export interface Ids {
  /** A user of this law alone. */
  readonly user: string
  /** An id of this law alone. */
  id(name: string): string
}

/** Makes laws of trials. */
export function laws(trials: readonly Trial[]): readonly ChatStoreLaw[] {
  return trials.map(([name, run]) => ({
    name,
    async check(make) {
      const store = await make()
      const lead = crypto.randomUUID().slice(0, 13)
      const id = (what: string): string => `${lead}-${what}`
      try {
        await run(store, { user: id('user'), id })
      } finally {
        await store.close()
      }
    },
  }))
}

/** The promise must reject with an error of this kind (and code). */
export async function rejects(promise: Promise<unknown>, kind: ErrorKind, code?: string): Promise<void> {
  const error: unknown = await promise.then(
    (value) => assert.fail(`resolved to ${JSON.stringify(value)}, but should reject with ${kind}`),
    (reason: unknown) => reason,
  )
  assert(LlmError.is(error, kind), `rejected with ${String(error)}, but should with ${kind}`)
  if (code !== undefined) assert.equal(error.code, code)
}

/** Starts a conversation of this law's user. */
export function start(
  store: ChatStore,
  ids: Ids,
  more: Partial<NewConversation> = {},
): Promise<Conversation> {
  return store.conversations.create({ userId: ids.user, ...more })
}

/** Appends user turns with these texts. */
export function say(
  store: Pick<ChatStore, 'messages'>,
  conversationId: string,
  ...contents: readonly string[]
): Promise<readonly StoredMessage[]> {
  return store.messages.append(
    conversationId,
    contents.map((content) => ({ role: 'user', content })),
  )
}

/** The contents of messages, for a comparison at one glance. */
export function texts(messages: readonly StoredMessage[]): readonly string[] {
  return messages.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)))
}

/** Element `at`, which must be there. */
export function nth<T>(list: readonly T[], at: number): T {
  const found = list.at(at)
  assert(found !== undefined, `there is no element ${at}`)
  return found
}
