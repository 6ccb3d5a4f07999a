import type { OptionNames } from '../../core/dialect.ts'

/** Names that `providerOptions` of messages, parts and tools may have. */
export const options: OptionNames = {
  places: {
    message:
      'acknowledged_safety_checks action actions approval_request_id approve arguments async background call_id caller code container_id content encrypted_content environment error execution fingerprint id input max_output_length name namespace operation output output_format outputs pending_safety_checks phase quality queries reason reasoning result results revised_prompt role server_label size status summary svg_usage text tools type',
    part: 'annotations detail file_data file_id file_url filename image_url logprobs prompt_cache_breakpoint refusal text type',
    tool: 'action allowed_callers allowed_tools async authorization background complexity connector_id container defer_loading description display_height display_width environment execution external_web_access filters format frame_count frame_duration_ms headers input_fidelity input_image_mask max_num_results model moderation name output_compression output_format output_schema parameters partial_images quality ranking_options require_approval search_content_types search_context_size server_description server_label server_url size strict svg tools tunnel_id type user_location vector_store_ids',
  },
}
