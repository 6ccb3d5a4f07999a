import { LlmError } from 'llm-switchyard'
import type { ChatStore, ChatStoreUnit, StoreCall } from 'llm-switchyard/conversations/store-kit'
import { conversationStore } from './conversations.ts'
import type { DocumentDatabase } from './database.ts'
import { messageStore } from './messages.ts'
import { attachmentStore, summaryStore, taskStore } from './parts.ts'
import { reactionStore, usageStore } from './people.ts'
import { asConflict, type Run, type Step } from './step.ts'

/** Creates a chat store on a document database. It passes every law of `chatStoreLaws`. */
export function createDocumentStore(database: DocumentDatabase): ChatStore {
  let closed = false
  const step = (session?: object): Step => ({
    stamp: { now: Date.now(), newId: () => crypto.randomUUID() },
    inside: { session },
    in: (name) => database.collection(name),
  })
  const begin = (call: StoreCall | undefined): void => {
    if (closed) throw new LlmError('misconfigured', 'the store was closed')
    refuseAborted(call)
  }
  const single: Run = {
    async read(call, work) {
      begin(call)
      return work(step())
    },
    async write(call, work) {
      begin(call)
      return inTransaction(database, (session) => work(step(session)))
    },
  }
  const close = async (): Promise<void> => void (closed = true)
  return {
    ...unitOf(single),
    async transaction(work, call) {
      begin(call)
      return inTransaction(database, async (session) => {
        let open = true
        const inside: Run['write'] = async (inner, step_) => {
          if (!open) throw new LlmError('misconfigured', 'the transaction is over')
          refuseAborted(inner)
          return step_(step(session))
        }
        try {
          const result = await work(unitOf({ read: inside, write: inside }))
          refuseAborted(call)
          return result
        } finally {
          open = false
        }
      })
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function inTransaction<T>(
  database: DocumentDatabase,
  work: (session: object) => Promise<T>,
): Promise<T> {
  try {
    return await database.transaction(work)
  } catch (error) {
    throw asConflict(error)
  }
}

function refuseAborted(call: StoreCall | undefined): void {
  if (call?.signal?.aborted === true)
    throw new LlmError('aborted', 'the caller has left', { cause: call.signal.reason })
}

function unitOf(run: Run): ChatStoreUnit {
  return {
    conversations: conversationStore(run),
    messages: messageStore(run),
    reactions: reactionStore(run),
    attachments: attachmentStore(run),
    tasks: taskStore(run),
    summaries: summaryStore(run),
    usage: usageStore(run),
  }
}
