import type { MessageCreateParams } from '@anthropic-ai/sdk/resources/beta/messages/messages'
import type { ChatRequest, Tool } from 'ollama'
import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions'
import type { ResponseCreateParams } from 'openai/resources/responses/responses'
import type { ConverseRequest } from '../../node_modules/@aws-sdk/client-bedrock-runtime/dist-types/models/models_0.js'
import type { ChatCompletionRequest$Outbound } from '../../node_modules/@mistralai/mistralai/esm/models/components/chatcompletionrequest.js'
import type { V2ChatRequest } from '../../node_modules/cohere-ai/serialization/resources/v2/client/requests/V2ChatRequest.js'
import type { GenerateContentRequest } from './gemini-wire.ts'

/** The bodies of chat requests, as the packages of their vendors type what goes over the wire. */
export interface VendorBodies {
  // The types no longer have the samplers, which models before Claude 4.6 take.
  readonly 'anthropic-messages': MessageCreateParams & {
    temperature?: number
    top_p?: number
    top_k?: number
  }
  readonly 'bedrock-converse': Omit<ConverseRequest, 'modelId'>
  // The vendor's client adds the mode itself.
  readonly cohere: V2ChatRequest.Raw & { stream: boolean }
  readonly gemini: GenerateContentRequest
  readonly mistral: ChatCompletionRequest$Outbound
  // The client types fewer keywords of schemas than the server reads.
  readonly ollama: Omit<ChatRequest, 'tools'> & { tools?: OllamaTool[] }
  readonly 'openai-chat': ChatCompletionCreateParams
  readonly 'openai-responses': ResponseCreateParams
}

interface OllamaTool {
  type: Tool['type']
  function: Omit<Tool['function'], 'parameters'> & { parameters?: object }
}

/** Name of a vendor's wire format. */
export type Wire = keyof VendorBodies
