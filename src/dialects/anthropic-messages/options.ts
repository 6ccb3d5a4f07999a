import type { OptionNames } from '../../core/dialect.ts'
import type { AnthropicOptions } from '../../core/provider-options.ts'

const request: readonly (keyof AnthropicOptions)[] = [
  'betas',
  'billing_policy',
  'cache_control',
  'compaction',
  'container',
  'context_management',
  'diagnostics',
  'fallback_credit_token',
  'fallbacks',
  'inference_geo',
  'max_tokens',
  'mcp_servers',
  'metadata',
  'output_config',
  'output_format',
  'service_tier',
  'speed',
  'stop_sequences',
  'system',
  'temperature',
  'thinking',
  'thread',
  'tool_choice',
  'tools',
  'top_k',
  'top_p',
  'user_profile_id',
  'workspace_id',
]

/** Names that `providerOptions` may have. */
export const options: OptionNames = {
  request,
  places: {
    message: 'clear_at content output_config role',
    part: 'cache_control caller citations content context data encrypted_content file_id from id input is_error mcp_server_name name server_name signature source text thinking title to tool tool_changes tool_use_id tools toolset_name transformations trigger type',
    tool: 'allowed_callers allowed_domains blocked_domains cache_control caching citations configs default_config defer_loading description display_height_px display_number display_width_px eager_input_streaming enable_zoom input_examples input_schema max_characters max_content_tokens max_tokens max_uses mcp_server_name model name response_inclusion strict tools type url_sources use_cache user_location',
  },
}
