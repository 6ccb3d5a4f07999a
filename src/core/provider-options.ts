import type { JsonObject, JsonValue } from './json.ts'

/** Fields of Anthropic's messages API that have no neutral setting. `betas` is sent as the header `anthropic-beta`. */
export interface AnthropicOptions {
  readonly betas?: readonly string[] | undefined
  readonly billing_policy?: JsonObject | undefined
  readonly cache_control?: { readonly type: 'ephemeral'; readonly ttl?: '5m' | '1h' | undefined } | undefined
  readonly compaction?: JsonObject | undefined
  /** Id of the container in which code runs. */
  readonly container?: string | JsonObject | undefined
  readonly context_management?: { readonly edits?: readonly JsonObject[] | undefined } | undefined
  readonly diagnostics?: { readonly previous_message_id: string | null } | undefined
  readonly fallback_credit_token?: string | JsonObject | undefined
  readonly fallbacks?: 'default' | readonly JsonObject[] | undefined
  readonly inference_geo?: string | undefined
  readonly max_tokens?: number | undefined
  readonly mcp_servers?: readonly JsonObject[] | undefined
  readonly metadata?: { readonly user_id?: string | null | undefined } | undefined
  readonly output_config?: JsonObject | undefined
  readonly output_format?: JsonObject | undefined
  readonly service_tier?: 'auto' | 'standard_only' | undefined
  readonly speed?: 'standard' | 'fast' | undefined
  readonly stop_sequences?: readonly string[] | undefined
  readonly system?: string | readonly JsonObject[] | undefined
  readonly temperature?: number | undefined
  readonly thinking?: JsonObject | undefined
  readonly thread?: JsonObject | undefined
  readonly tool_choice?: JsonObject | undefined
  readonly tools?: readonly JsonObject[] | undefined
  readonly top_k?: number | undefined
  readonly top_p?: number | undefined
  readonly user_profile_id?: string | undefined
  readonly workspace_id?: string | undefined
}

/** Fields of OpenAI's chat completions and responses APIs. A field of the other API gives a warning and is not sent. */
export interface OpenAIOptions {
  readonly access_programs?: JsonObject | undefined
  readonly audio?: { readonly voice: JsonValue; readonly format: string } | undefined
  readonly background?: boolean | undefined
  readonly background_options?: JsonObject | undefined
  readonly context_management?: readonly JsonObject[] | undefined
  readonly conversation?: string | { readonly id: string } | undefined
  readonly image?: JsonObject | undefined
  readonly include?: readonly string[] | undefined
  readonly instructions?: string | undefined
  readonly logit_bias?: Readonly<Record<string, number>> | undefined
  readonly max_completion_tokens?: number | undefined
  readonly max_output_tokens?: number | undefined
  readonly max_tool_calls?: number | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly modalities?: readonly ('text' | 'audio')[] | undefined
  readonly moderation?: JsonObject | undefined
  readonly parallel_tool_calls?: boolean | undefined
  readonly prediction?: { readonly type: 'content'; readonly content: JsonValue } | undefined
  readonly previous_response_id?: string | undefined
  readonly prompt?: { readonly id: string } | undefined
  readonly prompt_cache_key?: string | undefined
  readonly prompt_cache_options?: JsonObject | undefined
  readonly prompt_cache_retention?: 'in_memory' | '24h' | undefined
  readonly reasoning?: JsonObject | undefined
  readonly reasoning_effort?: string | undefined
  readonly response_format?: JsonObject | undefined
  readonly safety_identifier?: string | undefined
  readonly service_tier?:
    | 'auto'
    | 'default'
    | 'flex'
    | 'priority'
    | 'fast'
    | 'ultrafast'
    | 'scale'
    | undefined
  readonly store?: boolean | undefined
  readonly stream_options?: JsonObject | undefined
  readonly text?: JsonObject | undefined
  readonly tool_choice?: JsonValue | undefined
  readonly tools?: readonly JsonObject[] | undefined
  readonly truncation?: 'auto' | 'disabled' | undefined
  readonly user?: string | undefined
  readonly verbosity?: 'low' | 'medium' | 'high' | undefined
  readonly web_search_options?: JsonObject | undefined
}

/** Fields of Gemini's `generateContent`. Those of its `generationConfig` are written without that. */
export interface GoogleOptions {
  readonly audioTimestamp?: boolean | undefined
  readonly cachedContent?: string | undefined
  readonly candidateCount?: number | undefined
  readonly continuationToken?: string | undefined
  readonly enableAffectiveDialog?: boolean | undefined
  readonly enableEnhancedCivicAnswers?: boolean | undefined
  readonly generationConfig?: JsonObject | undefined
  readonly imageConfig?: JsonObject | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly mediaResolution?: string | undefined
  readonly modelArmorConfig?: JsonObject | undefined
  readonly modelSelectionConfig?: JsonObject | undefined
  readonly responseJsonSchema?: JsonObject | undefined
  readonly responseMimeType?: string | undefined
  readonly responseModalities?: readonly string[] | undefined
  readonly responseSchema?: JsonObject | undefined
  readonly routingConfig?: JsonObject | undefined
  readonly safetySettings?:
    | readonly { readonly category: string; readonly threshold: string; readonly method?: string }[]
    | undefined
  readonly serviceTier?: 'standard' | 'flex' | 'priority' | undefined
  readonly speechConfig?: JsonObject | undefined
  readonly store?: boolean | undefined
  readonly systemInstruction?: JsonObject | undefined
  readonly thinkingConfig?: JsonObject | undefined
  readonly toolConfig?: JsonObject | undefined
  readonly tools?: readonly JsonObject[] | undefined
}

/** Fields of Bedrock's converse API. */
export interface BedrockOptions {
  /** Fields that the model itself accepts. */
  readonly additionalModelRequestFields?: JsonObject | undefined
  readonly additionalModelResponseFieldPaths?: readonly string[] | undefined
  readonly guardrailConfig?: JsonObject | undefined
  readonly inferenceConfig?: JsonObject | undefined
  readonly outputConfig?: JsonObject | undefined
  readonly performanceConfig?: { readonly latency?: 'standard' | 'optimized' | undefined } | undefined
  readonly promptVariables?: JsonObject | undefined
  readonly requestMetadata?: Readonly<Record<string, string>> | undefined
  readonly serviceTier?: { readonly type: 'default' | 'flex' | 'priority' | 'reserved' } | undefined
  readonly system?: readonly JsonObject[] | undefined
  readonly toolConfig?: JsonObject | undefined
}

/** Fields of Cohere's chat API. */
export interface CohereOptions {
  readonly citation_options?: { readonly mode?: string | undefined } | undefined
  readonly documents?: readonly (string | JsonObject)[] | undefined
  readonly logprobs?: boolean | undefined
  readonly priority?: number | undefined
  readonly raw_prompting?: boolean | undefined
  readonly response_format?: JsonObject | undefined
  readonly safety_mode?: 'CONTEXTUAL' | 'STRICT' | 'OFF' | undefined
  readonly strict_tools?: boolean | undefined
  readonly thinking?: JsonObject | undefined
  readonly tool_choice?: 'REQUIRED' | 'NONE' | undefined
  readonly tools?: readonly JsonObject[] | undefined
}

/** Fields of Ollama's chat API. Options of the model are written without `options`. */
export interface OllamaOptions {
  readonly format?: JsonValue | undefined
  readonly keep_alive?: string | number | undefined
  readonly think?: boolean | string | undefined
  readonly truncate?: boolean | undefined
  readonly shift?: boolean | undefined
  readonly options?: JsonObject | undefined
  readonly num_keep?: number | undefined
  readonly num_ctx?: number | undefined
  readonly num_batch?: number | undefined
  readonly num_gpu?: number | undefined
  readonly main_gpu?: number | undefined
  readonly num_thread?: number | undefined
  readonly use_mmap?: boolean | undefined
  readonly typical_p?: number | undefined
  readonly repeat_last_n?: number | undefined
  readonly repeat_penalty?: number | undefined
  readonly draft_num_predict?: number | undefined
}

/** Fields that OpenRouter adds to chat completions. */
export interface OpenRouterOptions {
  /** Models to try in order. */
  readonly models?: readonly string[] | undefined
  readonly plugins?: readonly JsonObject[] | undefined
  readonly prediction?: JsonObject | undefined
  readonly preset?: string | undefined
  readonly prompt_cache_key?: string | undefined
  readonly prompt_cache_options?: JsonObject | undefined
  /** Which backends may answer, and in which order. */
  readonly provider?: JsonObject | undefined
  readonly modalities?: readonly string[] | undefined
  readonly image_config?: JsonObject | undefined
  readonly cache_control?: JsonObject | undefined
  readonly reasoning?: JsonObject | undefined
  readonly route?: string | undefined
  readonly safety_identifier?: string | undefined
  readonly service_tier?: string | undefined
  readonly session_id?: string | undefined
  readonly stop_server_tools_when?: readonly JsonObject[] | undefined
  readonly top_a?: number | undefined
  readonly trace?: JsonObject | undefined
  readonly transforms?: readonly string[] | undefined
  readonly usage?: { readonly include?: boolean | undefined } | undefined
  readonly verbosity?: string | undefined
}

/** Fields that Groq adds to chat completions. */
export interface GroqOptions {
  readonly citation_options?: string | undefined
  readonly compound_custom?: JsonObject | undefined
  readonly disable_tool_validation?: boolean | undefined
  readonly documents?: readonly JsonObject[] | undefined
  readonly include_reasoning?: boolean | undefined
  readonly reasoning_format?: 'hidden' | 'raw' | 'parsed' | undefined
  readonly search_settings?: JsonObject | undefined
  readonly service_tier?: 'auto' | 'on_demand' | 'flex' | 'performance' | undefined
}

/** Fields that Mistral adds to chat completions. */
export interface MistralOptions {
  readonly document_image_limit?: number | undefined
  readonly document_page_limit?: number | undefined
  readonly guardrails?: readonly JsonObject[] | undefined
  readonly prediction?: JsonObject | undefined
  readonly prompt_cache_key?: string | undefined
  readonly prompt_mode?: 'reasoning' | undefined
  readonly safe_prompt?: boolean | undefined
  readonly service_tier?: 'auto' | 'standard_only' | undefined
}

/**
 * Fields of single providers, by provider id, as the provider names them. Names are checked where the provider's fields are
 * known; a misspelt one throws `invalid-request`.
 */
export interface ProviderOptions {
  readonly anthropic?: AnthropicOptions | undefined
  readonly openai?: OpenAIOptions | undefined
  readonly azure?: OpenAIOptions | undefined
  readonly google?: GoogleOptions | undefined
  readonly vertex?: (GoogleOptions & AnthropicOptions) | undefined
  readonly bedrock?: (BedrockOptions & AnthropicOptions) | undefined
  readonly cohere?: CohereOptions | undefined
  readonly ollama?: OllamaOptions | undefined
  readonly openrouter?: OpenRouterOptions | undefined
  readonly groq?: GroqOptions | undefined
  readonly mistral?: MistralOptions | undefined
  readonly [provider: string]: object | undefined
}

/** Fields of single providers for a message, part or tool, by provider id. Names are checked as those of a request. */
export type WireOptions = Readonly<Record<string, JsonObject | undefined>>
