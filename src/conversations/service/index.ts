export { createChatService, type ChatService } from './chat-service.ts'
export type {
  AttachmentLimits,
  ChatPersona,
  ChatServiceOptions,
  ComposeInput,
  UtilityCall,
  TextContext,
  TextOptions,
  TurnComposer,
  WindowOptions,
} from '../contract/options.ts'
export type {
  AnswerOptions,
  AttachmentInput,
  SendRequest,
  TurnResult,
  TurnSettings,
  TurnStatus,
} from '../contract/requests.ts'
export type { ConversationRequest } from '../contract/service-context.ts'
export type {
  ConversationList,
  ConversationView,
  CreateRequest,
  ListRequest,
  MessageView,
  UpdateRequest,
} from './conversations.ts'
export type { ForkRequest, RegenerateRequest, ResendRequest } from './branches.ts'
export type {
  EditRequest,
  HistoryRequest,
  MessageRequest,
  PostRequest,
  ReactionState,
  SearchRequest,
} from './messages.ts'
export type { AddTaskRequest, AttachRequest, UpdateTaskRequest } from './attachments.ts'
export type { ExportedConversation, ExportRequest, ImportRequest } from '../transfer/import-export.ts'
export type { TurnStream } from '../turn/turn-stream.ts'
