export type { AttachRequest } from './attachments.ts'
export type { ForkRequest } from './branches.ts'
export { type ChatService, createChatService } from './chat-service.ts'
export type {
  ConversationList,
  ConversationView,
  CreateRequest,
  ListRequest,
  UpdateRequest,
} from './conversations.ts'
export { readEmoji } from './emoji.ts'
export type {
  EditRequest,
  HistoryRequest,
  MessageRequest,
  PostRequest,
  ReactionState,
  SearchRequest,
} from './messages.ts'
export type { AddTaskRequest, UpdateTaskRequest } from './tasks.ts'
