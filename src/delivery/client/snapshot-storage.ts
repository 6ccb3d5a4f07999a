import { isObject, listOf, parseJson, textOf, type JsonObject } from '../../core/json.ts'
import type { ChatMessage } from './message-reducer.ts'
import type { RunPosition } from './request.ts'

/** A queued message with the `body` that was given to `send`. */
export interface QueuedMessage {
  readonly message: ChatMessage
  readonly body?: JsonObject | undefined
}

/** A stored conversation. One value, so that the text and the position in the stream always match. */
export interface ChatSnapshot {
  readonly version: 1
  readonly conversationId: string
  readonly messages: readonly ChatMessage[]
  readonly queue: readonly QueuedMessage[]
  /** The answer that had not ended. */
  readonly open?: OpenAnswer | undefined
  /** Id of the newest stream run that is over. */
  readonly lastRunId?: string | undefined
}

/** What is needed to resume an answer. */
export interface OpenAnswer {
  /** Absent until the server has responded. */
  readonly run?: RunPosition | undefined
  /** Id of the run before it: if the server still reports that one, it never received this request. */
  readonly earlierRunId?: string | undefined
  /** The `body` that was given to `send`. */
  readonly body?: JsonObject | undefined
}

/** Stores one conversation. What it throws or rejects with goes to `onError`, and the chat continues. */
export interface SnapshotStorage {
  /** Returns what was saved last, or `undefined`. */
  load(): ChatSnapshot | undefined | Promise<ChatSnapshot | undefined>
  /** Replaces what is stored. Called again only after it has settled. */
  save(snapshot: ChatSnapshot): void | Promise<void>
  /** Deletes what is stored. */
  clear(): void | Promise<void>
}

/** The part of `localStorage` and `sessionStorage` that {@link webStorage} uses. */
export interface TextStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/**
 * Stores a conversation in `sessionStorage` or `localStorage` under `key`. Default key: `llm-switchyard.chat`. Pages with
 * the same storage and key overwrite each other, so give each conversation its own key.
 */
export function webStorage(storage: TextStorage, key = 'llm-switchyard.chat'): SnapshotStorage {
  return {
    load: () => readSnapshot(parseJson(storage.getItem(key) ?? '')),
    save: (snapshot) => storage.setItem(key, JSON.stringify(snapshot)),
    clear: () => storage.removeItem(key),
  }
}

/** Returns a stored value as a snapshot, or `undefined` if it is not one of this version. */
export function readSnapshot(value: unknown): ChatSnapshot | undefined {
  if (!isObject(value) || value['version'] !== 1 || textOf(value['conversationId']) === undefined)
    return undefined
  const queue = listOf(value['queue'])
  const messages = listOf(value['messages'])
  const isWhole =
    messages.every(isMessage) && queue.every((item) => isObject(item) && isMessage(item['message']))
  const snapshot: unknown = { ...value, messages, queue }
  return isWhole ? (snapshot as ChatSnapshot) : undefined
}

function isMessage(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value['id'] === 'string' &&
    typeof value['role'] === 'string' &&
    typeof value['text'] === 'string' &&
    Array.isArray(value['parts'])
  )
}
