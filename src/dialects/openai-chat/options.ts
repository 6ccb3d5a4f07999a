import type { OptionNames } from '../../core/dialect.ts'

/** Names that `providerOptions` of messages, parts and tools may have. */
export const options: OptionNames = {
  places: {
    message:
      'audio cache_control content function_call name prefix reasoning reasoning_content reasoning_details refusal role thinking_blocks tool_call_id tool_calls',
    part: 'cache_control citations closed document_name document_url extra_content file file_id image_url input_audio input_video prompt_cache_breakpoint reference_ids refusal signature text thinking type video_url',
    tool: 'authorization cache_control connector_id custom extra_content function library_ids tool_configuration type',
  },
}
