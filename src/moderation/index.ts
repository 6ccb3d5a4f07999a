export { moderation } from './feature.ts'
export { topics } from './topic-feature.ts'
export { compilePattern, type PatternInput, type PatternMatch, type SafePattern } from './safe-regex/index.ts'
export type {
  JudgeFinding,
  ModeratedRange,
  ModerationAction,
  ModerationContext,
  ModerationFinding,
  ModerationOutcome,
  ModerationScan,
  ModerationSource,
  Moderator,
} from './moderator.ts'
export type { ModerationRule } from './rule-set.ts'
export { openRules, parseRules, type ParsedRules, type RulesDocument } from './rules-file.ts'
export { ruleSchema } from './moderation-fields.ts'
export { createRuleModerator, ruleModeratorSchema, type RuleModeratorOptions } from './rule-moderator.ts'
export { createPiiModerator, piiSchema, type PiiModeratorOptions } from './pii-moderator.ts'
export type { PiiType } from './pii-rules.ts'
export {
  createPlaceholders,
  placeholdersSchema,
  type PlaceholderOptions,
  type ReversibleRedactions,
} from './reversible-redactions.ts'
export {
  directionSchema,
  moderationSchema,
  overrideSchema,
  type DirectionOptions,
  type ModeratedCaller,
  type ModerationOptions,
  type ModerationOverride,
} from './policy.ts'
export type { ModerationEvent } from './moderation-run.ts'
export {
  createProfanityModerator,
  profanityModeratorSchema,
  type ProfanityModeratorOptions,
} from './profanity-moderator.ts'
export {
  createEndpointModerator,
  endpointModeratorSchema,
  type EndpointModeratorOptions,
} from './endpoint-moderator.ts'
export { createJudgeModerator, judgeModeratorSchema, type JudgeModeratorOptions } from './judge-moderator.ts'
export {
  createTopicMonitor,
  topicMonitorSchema,
  topicRuleSchema,
  watchlistSchema,
  type TopicMonitor,
  type TopicMonitorOptions,
  type TopicRule,
  type Watchlist,
} from './topics.ts'
export type { AlertSeverity, TopicAlert, TopicScope, TopicSource, TopicSubject } from './topic-alert.ts'
export {
  createJsonlSink,
  createWebhookSink,
  jsonlSinkSchema,
  webhookSinkSchema,
  type AlertSink,
  type WebhookSinkOptions,
} from './alert-sinks.ts'
