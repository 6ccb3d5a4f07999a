import type { OptionNames } from '../../core/dialect.ts'

/** Names that `providerOptions` may have; those of a request with their places. */
export const options: OptionNames = {
  request: [
    'citation_options',
    'documents',
    'logprobs',
    'priority',
    'raw_prompting',
    'response_format',
    'safety_mode',
    'strict_tools',
    'thinking',
    'tool_choice',
    'tools',
  ],
  places: {
    message: 'citations content role tool_call_id tool_calls tool_plan',
    part: 'document image_url text thinking type',
    tool: 'function type',
  },
}
