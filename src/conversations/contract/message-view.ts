import type { Page, StoredMessage } from '../storage/index.ts'

/** A stored message for display: `tokens`, `model` and `costUsd` are `null` if unknown. */
export type MessageView = Omit<StoredMessage, 'model' | 'costUsd'> & {
  /** Total tokens of the call that made it; `null` for a user message. */
  readonly tokens: number | null
  readonly model: string | null
  /** In US dollars; `null` if unknown. */
  readonly costUsd: number | null
}

/** A stored message in the form for display. */
export function viewOf(message: StoredMessage): MessageView {
  const { usage, model, costUsd } = message
  return { ...message, tokens: usage?.totalTokens ?? null, model: model ?? null, costUsd: costUsd ?? null }
}

/** A page of stored messages in the form for display. */
export function viewPage(page: Page<StoredMessage>): Page<MessageView> {
  return { ...page, items: page.items.map((message) => viewOf(message)) }
}
