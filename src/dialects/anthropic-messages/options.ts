import type { AnthropicOptions } from '../../core/provider-options.ts'

/** Fields of a request that `providerOptions` may have. */
export const options: readonly (keyof AnthropicOptions)[] = [
  'betas',
  'cache_control',
  'compaction',
  'container',
  'context_management',
  'diagnostics',
  'fallbacks',
  'inference_geo',
  'max_tokens',
  'mcp_servers',
  'metadata',
  'output_config',
  'service_tier',
  'speed',
  'stop_sequences',
  'system',
  'temperature',
  'thinking',
  'tool_choice',
  'tools',
  'top_k',
  'top_p',
]
