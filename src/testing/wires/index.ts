import { anthropicMessages } from './anthropic-messages.ts'
import { bedrockInvoke } from './bedrock-invoke.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { cohere } from './cohere.ts'
import { gemini } from './gemini.ts'
import { kobold } from './kobold.ts'
import { ollama } from './ollama.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import type { FakeWire } from './wire.ts'

/** Every wire format of the fake. A request that matches several goes to the first. */
export const wires: readonly FakeWire[] = Object.freeze([
  anthropicMessages,
  gemini,
  openaiChat,
  openaiResponses,
  cohere,
  bedrockConverse,
  bedrockInvoke,
  ollama,
  kobold,
])

export type { FakeFrame } from './frame.ts'
export type { Asked, ErrorReply, FakeWire, ReadRules, RequestHead } from './wire.ts'
