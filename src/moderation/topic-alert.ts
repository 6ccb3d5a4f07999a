/** How much a topic matters, least first. */
export type AlertSeverity = 'info' | 'warning' | 'critical'

/** Where a text comes from. */
export type TopicSource = 'chat.input' | 'chat.output'

/** Whom a list concerns. */
export type TopicScope = 'user' | 'team' | 'org' | 'global'

/** Who wrote a text, or got it. */
export interface TopicSubject {
  readonly userId?: string | undefined
  readonly teamId?: string | undefined
  readonly orgId?: string | undefined
  readonly conversationId?: string | undefined
  readonly requestId?: string | undefined
}

/** A topic was touched. */
export interface TopicAlert extends TopicSubject {
  readonly id: string
  /** ISO. */
  readonly time: string
  readonly source: TopicSource
  readonly watchlist: string
  readonly scope: TopicScope
  readonly pattern: string
  readonly category: string | undefined
  readonly severity: AlertSeverity
  readonly note: string | undefined
  /** The words around the match: at most 200 characters. */
  readonly snippet: string
}
