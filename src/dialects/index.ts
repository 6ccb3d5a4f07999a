export { anthropicMessages, type AnthropicMessagesQuirks } from './anthropic-messages/index.ts'
export { cohere, type CohereQuirks } from './cohere/index.ts'
export { gemini, type GeminiQuirks } from './gemini/index.ts'
export { moderationApi, openaiChat, type OpenAIChatQuirks } from './openai-chat/index.ts'
export { openaiResponses, type OpenAIResponsesQuirks } from './openai-responses/index.ts'
export {
  bedrockCohereEmbeddings,
  cohereEmbeddings,
  commonEmbeddings,
  geminiEmbeddings,
  ollamaEmbeddings,
  titanEmbeddings,
  vertexEmbeddings,
  type EmbeddingOptions,
} from './embeddings/index.ts'
