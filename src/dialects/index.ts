export { anthropicMessages, type AnthropicMessagesQuirks } from './anthropic-messages/index.ts'
export { bedrockCallIds, bedrockConverse, type BedrockConverseQuirks } from './bedrock-converse/index.ts'
export { bedrockInvoke } from './bedrock-invoke/index.ts'
export { cohereChat, type CohereQuirks } from './cohere/index.ts'
export { gemini, type GeminiQuirks } from './gemini/index.ts'
export { commonMarks, koboldGenerate, type KoboldQuirks, type RoleMarks } from './kobold/index.ts'
export { ollamaChat, type OllamaQuirks } from './ollama/index.ts'
export { grammarSchemas, openaiStrictSchema } from './strict-schemas.ts'
export { createSplitter, taggedChat } from './think-tags.ts'
export {
  detailedModelList,
  moderationApi,
  openaiChat,
  openModelSamplers,
  type OpenAIChatQuirks,
} from './openai-chat/index.ts'
export { openaiChatWithTools } from './openai-chat-tools/index.ts'
export { openaiResponses, responsesModels, type OpenAIResponsesQuirks } from './openai-responses/index.ts'
export {
  bedrockCohereEmbeddings,
  cohereEmbeddings,
  commonEmbeddings,
  geminiEmbeddings,
  ollamaEmbeddings,
  titanEmbeddings,
  predictEmbeddings,
  type EmbeddingOptions,
} from './embeddings/index.ts'
export {
  converseTokenCount,
  geminiTokenCount,
  invokeTokenCount,
  messagesTokenCount,
  responsesTokenCount,
  vertexMessagesTokenCount,
  vertexTokenCount,
} from './token-counts/index.ts'
