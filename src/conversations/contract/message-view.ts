import type { Page, StoredMessage } from '../storage/index.ts'

/** A message as a list shows it: figures are `null` where there are none. */
export type MessageView = Omit<StoredMessage, 'model' | 'costUsd'> & {
  /** Tokens of the call that made it; `null` for what people wrote. */
  readonly tokens: number | null
  readonly model: string | null
  readonly costUsd: number | null
}

/** A message with its figures. */
export function viewOf(message: StoredMessage): MessageView {
  const { usage, model, costUsd } = message
  return { ...message, tokens: usage?.totalTokens ?? null, model: model ?? null, costUsd: costUsd ?? null }
}

/** The pages of a list under the names of this API. */
export function viewPage(page: Page<StoredMessage>): Page<MessageView> {
  return { ...page, items: page.items.map((message) => viewOf(message)) }
}
