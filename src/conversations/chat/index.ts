export { createChatService, type ChatService } from './chat.ts'
export type {
  AttachmentLimits,
  ChatPersona,
  ChatServiceOptions,
  ComposeInput,
  SideCall,
  TextContext,
  TextOptions,
  TurnComposer,
  WindowOptions,
} from './options.ts'
export type {
  AnswerOptions,
  AttachmentInput,
  SendRequest,
  TurnResult,
  TurnSettings,
  TurnStatus,
} from './request.ts'
export type { ConversationRequest } from './desk.ts'
export type {
  ConversationList,
  ConversationView,
  CreateRequest,
  ListRequest,
  MessageView,
  UpdateRequest,
} from './directory.ts'
export type { ForkRequest, RegenerateRequest, ResendRequest } from './branches.ts'
export type {
  EditRequest,
  HistoryRequest,
  MessageRequest,
  PostRequest,
  ReactionState,
  SearchRequest,
} from './talk.ts'
export type { AddTaskRequest, AttachRequest, UpdateTaskRequest } from './annex.ts'
export type { ExportedConversation, ExportRequest, ImportRequest } from './transfer.ts'
export type { TurnStream } from './turn-stream.ts'
