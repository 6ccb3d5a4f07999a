export { admitMessages, throughPipeline } from './admit-messages.ts'
export type { AuditEntry, AuditFacts, AuditOptions, AuditSink } from './audit.ts'
export { checkKinds } from './request-kinds.ts'
export { canManage, requireAuthor, requireDeleter } from './authorship.ts'
export { type Branch, answersOf, endOf, laterUpTo, onlyCounts, questionFor, readBranch } from './branch.ts'
export {
  callsTools,
  mapText,
  mapTextAsync,
  messageOf,
  requestContent,
  sameContent,
  speakerName,
  storedContent,
  textOfContent,
  withoutToolCalls,
} from './message-content.ts'
export type { DraftContext, DraftMessage, DraftPipeline } from './draft-message.ts'
export { type MessageView, viewOf, viewPage } from './message-view.ts'
export {
  type AttachmentLimits,
  type AgentTarget,
  type ChatAgent,
  type ChatServiceOptions,
  type ComposeInput,
  type ComposeParts,
  type HistoryBounds,
  type ImageMode,
  type TextContext,
  type TextOptions,
  type TokenCounter,
  type TurnComposer,
  type UtilityCall,
  type WindowOptions,
  chatServiceSchema,
} from './options.ts'
export {
  type AccessOptions,
  type AccessRequest,
  type Identity,
  type Operation,
  type Ownership,
  type Permission,
  callerOf,
  operations,
  ownerScope,
  permissionsOf,
} from './permissions.ts'
export { type ChatPersona, displayName } from './persona.ts'
export {
  type AcceptedTurn,
  type AnswerOptions,
  type AttachmentInput,
  type NewIds,
  type RegenerateRequest,
  type ContinueRequest,
  type ResendRequest,
  type SendRequest,
  type TurnResult,
  type TurnSettings,
  type TurnStatus,
  checkAnswer,
  checkId,
  checkName,
  checkNewId,
  checkSend,
  readMessage,
  refuse,
} from './requests.ts'
export { findNamed, freeName } from './named-conversation.ts'
export {
  type ConversationRequest,
  type LocateRequest,
  type LocatedConversation,
  ServiceContext,
  charge,
  checkNonEmptyText,
} from './service-context.ts'
export type { AnswerLocation, OpenRound, PriorResult, TurnPlan } from './turn-plan.ts'
export { TurnIndex, inConversationOrder } from './turn-index.ts'
export { pendingOf, responseOf, responseOfMessage, storedResult } from './turn-result.ts'
export { attachmentPart, checkAttachmentCount, readAttachment } from './validate-attachment.ts'
