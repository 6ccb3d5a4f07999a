import { isObject, listOf, parseJson, textOf, type JsonObject } from '../../core/json.ts'
import type { ChatMessage } from './message-reducer.ts'
import type { RunPosition } from './request.ts'

/** A message that waits, with the fields that go with it. */
export interface QueuedMessage {
  readonly message: ChatMessage
  readonly body?: JsonObject | undefined
}

/** Everything that a page needs to go on after a reload: one value, so that text and position always fit together. */
export interface ChatSnapshot {
  readonly version: 1
  readonly conversationId: string
  readonly messages: readonly ChatMessage[]
  readonly queue: readonly QueuedMessage[]
  /** An answer under way: where it stands. */
  readonly open?: OpenAnswer | undefined
  /** The newest stream that is over. */
  readonly lastRunId?: string | undefined
}

/** An answer that has not ended. */
export interface OpenAnswer {
  /** Unknown until the server has answered. */
  readonly run?: RunPosition | undefined
  /** The stream before it, so that its own is not taken for this one. */
  readonly earlierRunId?: string | undefined
  /** Fields that went with the message. */
  readonly body?: JsonObject | undefined
}

/** Holds one conversation. What it throws, or rejects with, never stops a chat. */
export interface SnapshotStorage {
  load(): ChatSnapshot | undefined | Promise<ChatSnapshot | undefined>
  save(snapshot: ChatSnapshot): void | Promise<void>
  clear(): void | Promise<void>
}

/** The part of `localStorage` and `sessionStorage` that is used. */
export interface TextStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/**
 * Keeps a conversation in `sessionStorage` or `localStorage` under `key`. Pages that share a slot overwrite each other:
 * give every tab, or every conversation, its own.
 */
export function webStorage(storage: TextStorage, key = 'llm-switchyard.chat'): SnapshotStorage {
  return {
    load: () => readSnapshot(parseJson(storage.getItem(key) ?? '')),
    save: (snapshot) => storage.setItem(key, JSON.stringify(snapshot)),
    clear: () => storage.removeItem(key),
  }
}

/** A stored value as a snapshot; `undefined` for what is none, or of another version. */
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
