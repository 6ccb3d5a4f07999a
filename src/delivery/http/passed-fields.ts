import type { JsonObject } from '../../core/json.ts'
import type { JsonReader } from '../../protocols/index.ts'

type ChatWire = 'chat-completions' | 'responses' | 'messages'

/** Sampling and decoding of servers that speak a vendor's wire format. No name holds content, tools or a bound. */
const SAMPLING = [
  'top_a',
  'top_k',
  'top_n_sigma',
  'min_p',
  'tfs',
  'tfs_z',
  'typical',
  'typical_p',
  'epsilon_cutoff',
  'eta_cutoff',
  'repetition_penalty',
  'repeat_penalty',
  'repeat_last_n',
  'length_penalty',
  'no_repeat_ngram_size',
  'encoder_repetition_penalty',
  'mirostat',
  'mirostat_mode',
  'mirostat_tau',
  'mirostat_eta',
  'dynatemp_range',
  'dynatemp_exponent',
  'dynatemp_low',
  'dynatemp_high',
  'smoothing_factor',
  'smoothing_curve',
  'temperature_last',
  'xtc_probability',
  'xtc_threshold',
  'dry_multiplier',
  'dry_base',
  'dry_allowed_length',
  'dry_penalty_last_n',
  'dry_sequence_breakers',
  'sampler_order',
  'sampler_priority',
  'samplers',
  'random_seed',
  'seed',
  'min_tokens',
  'stop_token_ids',
  'bad_words',
  'banned_strings',
  'custom_token_bans',
  'logit_bias',
  'skip_special_tokens',
  'spaces_between_special_tokens',
  'include_stop_str_in_output',
  'guided_json',
  'guided_regex',
  'guided_choice',
  'guided_grammar',
  'guided_decoding_backend',
  'guided_whitespace_pattern',
  'structured_outputs',
  'grammar',
  'json_schema',
  'cache_prompt',
  'safe_prompt',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'service_tier',
  'enable_thinking',
  'include_reasoning',
  'reasoning_format',
  'chat_template_kwargs',
  'verbosity',
] as const

// What a client may add to a provider's body unread, by the wire format that it speaks.
const PASSED: Readonly<Record<ChatWire, ReadonlySet<string>>> = {
  'chat-completions': new Set([...SAMPLING, 'metadata']),
  responses: new Set([...SAMPLING, 'metadata', 'truncation']),
  messages: new Set(SAMPLING),
}

/** The fields of a body that nothing has read and that may be added to a provider's body; `undefined` for none. */
export function passedFields(endpoint: ChatWire, body: JsonReader): JsonObject | undefined {
  return body.rest(PASSED[endpoint])
}
