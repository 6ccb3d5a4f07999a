import type { JsonObject } from '../../core/json.ts'
import type { NewMessage, StoredRole } from '../storage/index.ts'
import type { Identity } from './permissions.ts'

/** A message before it is stored, as the steps of a pipeline see it. */
export interface DraftMessage {
  readonly role: StoredRole
  readonly content: NewMessage['content']
  readonly name?: string | undefined
  readonly metadata?: JsonObject | undefined
}

/** Where a {@link DraftMessage} comes from. */
export interface DraftContext {
  readonly identity: Identity
  /** Absent for a message that starts a conversation. */
  readonly conversationId: string | undefined
  readonly operation: 'send' | 'resend' | 'post' | 'edit' | 'import'
}

/** Steps that every message passes before it is stored, such as `createMessagePipeline()` of `llm-switchyard/prompts` makes. */
export interface DraftPipeline {
  /** Resolves to the message to store, or to the name of the step that dropped it. Rejects if a step refuses it. */
  run(
    message: DraftMessage,
    context: DraftContext,
  ): Promise<{ readonly message?: DraftMessage | undefined; readonly droppedBy?: string | undefined }>
}
