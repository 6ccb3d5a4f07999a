import type { StoredMessage } from '../storage/index.ts'

/** Assigns messages to the user messages that they answer. Takes them in the order of the store. */
export class TurnIndex {
  readonly #byRequest = new Map<string, string>()
  readonly #sequences = new Map<string, number>()
  #lastUser: string | undefined

  /** Adds a message. Returns the id of its user message, if its record tells; a user message belongs to itself. */
  add(message: StoredMessage): string | undefined {
    const { id, role, requestId, sequence } = message
    if (role === 'user') {
      this.#sequences.set(id, sequence)
      this.#lastUser = id
      if (requestId !== undefined) this.#byRequest.set(requestId, id)
      return id
    }
    const answers = role === 'assistant' ? message.metadata['answers'] : undefined
    if (typeof answers === 'string') {
      if (requestId !== undefined) this.#byRequest.set(requestId, answers)
      return answers
    }
    return requestId === undefined ? undefined : this.#byRequest.get(requestId)
  }

  /** Like `add`. Imported answers, whose record does not tell, belong to the user message before them. */
  assign(message: StoredMessage): string | undefined {
    const known = this.add(message)
    if (known !== undefined || message.role === 'system' || message.requestId !== undefined) return known
    return this.#lastUser
  }

  /** Sequence of a user message that was added. */
  sequenceOf(id: string): number | undefined {
    return this.#sequences.get(id)
  }
}

/**
 * Stored messages with each answer directly after its user message. In the store, messages of concurrent turns are
 * interleaved.
 */
export function inConversationOrder(stored: readonly StoredMessage[]): readonly StoredMessage[] {
  const index = new TurnIndex()
  const byKey = new Map<string, StoredMessage[]>()
  const groups: StoredMessage[][] = []
  let last = ''
  for (const message of stored) {
    const { id, requestId, role } = message
    // An imported tool result names neither a request nor a user message.
    const key: string = index.assign(message) ?? requestId ?? (role === 'tool' ? last : id)
    last = key
    const group = role === 'user' ? undefined : byKey.get(key)
    if (group !== undefined) {
      group.push(message)
      continue
    }
    const started = [message]
    groups.push(started)
    byKey.set(key, started)
  }
  return groups.flat()
}
