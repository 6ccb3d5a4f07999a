export {
  type ExportRequest,
  type ExportedConversation,
  type ImportRequest,
  exportConversation,
  importConversation,
} from './import-export.ts'
export { type ConversationFile, type FileMessage, readFile, toJson, toMarkdown } from './transcript.ts'
