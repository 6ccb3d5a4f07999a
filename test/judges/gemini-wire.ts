/**
 * The body of Google's `generateContent` (Gemini API, v1beta), by its discovery document and its reference: camel case, enums
 * as words, bytes as base64, 64-bit numbers as text. Written by hand, because the vendor's package types another surface.
 */
export interface GenerateContentRequest {
  contents: Content[]
  systemInstruction?: Content
  tools?: Tool[]
  toolConfig?: ToolConfig
  safetySettings?: SafetySetting[]
  generationConfig?: GenerationConfig
  cachedContent?: string
  serviceTier?: 'unspecified' | 'standard' | 'flex' | 'priority'
  store?: boolean
  continuationToken?: string
  labels?: Record<string, string>
  modelArmorConfig?: { promptTemplateName?: string; responseTemplateName?: string }
}

export interface Content {
  role?: 'user' | 'model'
  parts: Part[]
}

export interface Part {
  text?: string
  thought?: boolean
  thoughtSignature?: string
  inlineData?: InlineData
  fileData?: { mimeType?: string; fileUri: string; displayName?: string }
  functionCall?: { id?: string; name: string; args?: Record<string, unknown> }
  functionResponse?: FunctionResponse
  executableCode?: { id?: string; language: 'LANGUAGE_UNSPECIFIED' | 'PYTHON'; code: string }
  codeExecutionResult?: {
    id?: string
    outcome: 'OUTCOME_UNSPECIFIED' | 'OUTCOME_OK' | 'OUTCOME_FAILED' | 'OUTCOME_DEADLINE_EXCEEDED'
    output?: string
  }
  toolCall?: { id?: string; toolType?: string; args?: Record<string, unknown> }
  toolResponse?: { id?: string; toolType?: string; response?: Record<string, unknown> }
  videoMetadata?: { startOffset?: string; endOffset?: string; fps?: number }
  mediaResolution?: { level?: MediaResolution | 'MEDIA_RESOLUTION_ULTRA_HIGH'; numTokens?: number }
  partMetadata?: Record<string, unknown>
  mediaProcessing?: 'MEDIA_PROCESSING_UNSPECIFIED' | 'STATIC' | 'AGENTIC'
  speechMetadata?: { speaker?: string; style?: string }
}

export interface InlineData {
  mimeType: string
  data: string
  displayName?: string
}

export interface FunctionResponse {
  id?: string
  name: string
  response: Record<string, unknown>
  parts?: {
    inlineData?: InlineData
    fileData?: { mimeType?: string; fileUri: string; displayName?: string }
    mediaProcessing?: 'MEDIA_PROCESSING_UNSPECIFIED' | 'STATIC' | 'AGENTIC'
  }[]
  willContinue?: boolean
  scheduling?: 'SCHEDULING_UNSPECIFIED' | 'SILENT' | 'WHEN_IDLE' | 'INTERRUPT'
}

export interface Tool {
  functionDeclarations?: FunctionDeclaration[]
  googleSearch?: {
    timeRangeFilter?: { startTime?: string; endTime?: string }
    searchTypes?: { webSearch?: Record<string, never>; imageSearch?: Record<string, never> }
    excludeDomains?: string[]
  }
  googleSearchRetrieval?: {
    dynamicRetrievalConfig?: { mode?: 'MODE_UNSPECIFIED' | 'MODE_DYNAMIC'; dynamicThreshold?: number }
  }
  codeExecution?: Record<string, never>
  urlContext?: Record<string, never>
  googleMaps?: { enableWidget?: boolean }
  fileSearch?: { fileSearchStoreNames: string[]; topK?: number; metadataFilter?: string }
  computerUse?: {
    environment:
      | 'ENVIRONMENT_UNSPECIFIED'
      | 'ENVIRONMENT_BROWSER'
      | 'ENVIRONMENT_MOBILE'
      | 'ENVIRONMENT_DESKTOP'
    excludedPredefinedFunctions?: string[]
    enablePromptInjectionDetection?: boolean
    disabledSafetyPolicies?: string[]
  }
  mcpServers?: {
    name?: string
    streamableHttpTransport?: {
      url?: string
      headers?: Record<string, string>
      timeout?: string
      sseReadTimeout?: string
      terminateOnClose?: boolean
    }
  }[]
}

export interface FunctionDeclaration {
  name: string
  description?: string
  behavior?: 'UNSPECIFIED' | 'BLOCKING' | 'NON_BLOCKING'
  parameters?: Schema
  parametersJsonSchema?: unknown
  response?: Schema
  responseJsonSchema?: unknown
}

/** The older schemas: a subset of OpenAPI's, whose limits are 64-bit numbers. */
export interface Schema {
  type: 'TYPE_UNSPECIFIED' | 'STRING' | 'NUMBER' | 'INTEGER' | 'BOOLEAN' | 'ARRAY' | 'OBJECT' | 'NULL'
  format?: string
  title?: string
  description?: string
  nullable?: boolean
  enum?: string[]
  maxItems?: string
  minItems?: string
  properties?: Record<string, Schema>
  required?: string[]
  minProperties?: string
  maxProperties?: string
  minLength?: string
  maxLength?: string
  pattern?: string
  example?: unknown
  anyOf?: Schema[]
  propertyOrdering?: string[]
  default?: unknown
  items?: Schema
  minimum?: number
  maximum?: number
}

export interface ToolConfig {
  functionCallingConfig?: {
    mode?: 'MODE_UNSPECIFIED' | 'AUTO' | 'ANY' | 'NONE' | 'VALIDATED'
    allowedFunctionNames?: string[]
    streamFunctionCallArguments?: boolean
  }
  retrievalConfig?: { latLng?: { latitude?: number; longitude?: number }; languageCode?: string }
  includeServerSideToolInvocations?: boolean
}

export interface SafetySetting {
  category: string
  threshold: string
  method?: string
}

type MediaResolution =
  | 'MEDIA_RESOLUTION_UNSPECIFIED'
  | 'MEDIA_RESOLUTION_LOW'
  | 'MEDIA_RESOLUTION_MEDIUM'
  | 'MEDIA_RESOLUTION_HIGH'

export interface GenerationConfig {
  stopSequences?: string[]
  responseMimeType?: string
  responseSchema?: Schema
  responseJsonSchema?: unknown
  responseModalities?: ('MODALITY_UNSPECIFIED' | 'TEXT' | 'IMAGE' | 'AUDIO')[]
  candidateCount?: number
  maxOutputTokens?: number
  temperature?: number
  topP?: number
  topK?: number
  seed?: number
  presencePenalty?: number
  frequencyPenalty?: number
  responseLogprobs?: boolean
  logprobs?: number
  enableEnhancedCivicAnswers?: boolean
  enableAffectiveDialog?: boolean
  audioTimestamp?: boolean
  speechConfig?: SpeechConfig
  thinkingConfig?: {
    includeThoughts?: boolean
    thinkingBudget?: number
    thinkingLevel?:
      | 'THINKING_LEVEL_UNSPECIFIED'
      | 'MINIMAL'
      | 'LOW'
      | 'MEDIUM'
      | 'HIGH'
      | 'minimal'
      | 'low'
      | 'medium'
      | 'high'
      | 'xhigh'
  }
  imageConfig?: {
    aspectRatio?: string
    imageSize?: string
    personGeneration?: string
    outputMimeType?: string
    outputCompressionQuality?: number
  }
  mediaResolution?: MediaResolution
  modelSelectionConfig?: { featureSelectionPreference?: string }
  routingConfig?: {
    autoMode?: { modelRoutingPreference?: string }
    manualMode?: { modelName?: string }
  }
}

export interface SpeechConfig {
  voiceConfig?: VoiceConfig
  multiSpeakerVoiceConfig?: { speakerVoiceConfigs?: { speaker?: string; voiceConfig?: VoiceConfig }[] }
  languageCode?: string
}

export interface VoiceConfig {
  prebuiltVoiceConfig?: { voiceName?: string }
}
