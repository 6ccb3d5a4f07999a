/** Severity of an alert, lowest first. */
export type AlertSeverity = 'info' | 'warning' | 'critical'

/** Origin of a text: a user message or a response. */
export type TopicSource = 'chat.input' | 'chat.output'

/** Scope of a watchlist. */
export type TopicScope = 'user' | 'team' | 'org' | 'global'

/** The user, team, organisation and call that a text belongs to. */
export interface TopicSubject {
  readonly userId?: string | undefined
  readonly teamId?: string | undefined
  readonly orgId?: string | undefined
  readonly conversationId?: string | undefined
  readonly requestId?: string | undefined
}

/** An alert: a text matched a pattern of a watchlist. */
export interface TopicAlert extends TopicSubject {
  readonly id: string
  /** ISO 8601. */
  readonly time: string
  readonly source: TopicSource
  readonly watchlist: string
  readonly scope: TopicScope
  readonly pattern: string
  readonly category: string | undefined
  readonly severity: AlertSeverity
  readonly note: string | undefined
  /** The text around the match, at most 200 characters. */
  readonly snippet: string
}
