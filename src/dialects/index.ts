export { openaiChat, type OpenAIChatQuirks } from './openai-chat/index.ts'
