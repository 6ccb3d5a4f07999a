import assert from 'node:assert/strict'
import type { ChatStore, Conversation, NewConversation, StoredMessage } from '../../conversations/index.ts'
import { LlmError, type ErrorKind } from '../../core/error.ts'

/** A test of the contract of chat stores. `check` rejects if the store that `make` returns violates it, and closes that store. */
export interface ChatStoreLaw {
  readonly name: string
  check(make: () => ChatStore | Promise<ChatStore>): Promise<void>
}

/** A test before it is wrapped: its name, and what it does with a store. */
export type Trial = readonly [name: string, run: (store: ChatStore, ids: Ids) => Promise<void>]

/** Ids that no other test uses, so that all tests may run on one database. */
export interface Ids {
  /** A user id of this test alone. */
  readonly user: string
  /** Returns an id of this test alone. */
  id(name: string): string
}

/** Wraps tests so that each gets a store and ids of its own. */
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

/** Asserts that the promise rejects with an error of this kind (and code). */
export async function rejects(promise: Promise<unknown>, kind: ErrorKind, code?: string): Promise<void> {
  const error: unknown = await promise.then(
    (value) => assert.fail(`resolved to ${JSON.stringify(value)}, but should reject with ${kind}`),
    (reason: unknown) => reason,
  )
  assert(LlmError.is(error, kind), `rejected with ${String(error)}, but should with ${kind}`)
  if (code !== undefined) assert.equal(error.code, code)
}

/** Creates a conversation of this test's user. */
export function start(
  store: ChatStore,
  ids: Ids,
  more: Partial<NewConversation> = {},
): Promise<Conversation> {
  return store.conversations.create({ userId: ids.user, ...more })
}

/** Appends user messages with these texts. */
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

/** Returns the contents of messages as strings. */
export function texts(messages: readonly StoredMessage[]): readonly string[] {
  return messages.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)))
}

/** Returns element `at`. Throws an assertion error if there is none. */
export function nth<T>(list: readonly T[], at: number): T {
  const found = list.at(at)
  assert(found !== undefined, `there is no element ${at}`)
  return found
}
