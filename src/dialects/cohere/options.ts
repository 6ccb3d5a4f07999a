/** Fields of a request that `providerOptions` may have, with their places. */
export const options = [
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
] as const
