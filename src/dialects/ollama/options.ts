import type { OptionNames } from '../../core/dialect.ts'

/** Names that `providerOptions` may have; those of a request with their places. */
export const options: OptionNames = {
  request: [
    'format',
    'keep_alive',
    'shift',
    'think',
    'truncate',
    'options.num_keep',
    'options.num_ctx',
    'options.num_batch',
    'options.num_gpu',
    'options.main_gpu',
    'options.num_thread',
    'options.use_mmap',
    'options.typical_p',
    'options.repeat_last_n',
    'options.repeat_penalty',
    'options.draft_num_predict',
  ],
  places: {
    message: 'content images role thinking tool_calls tool_name',
    part: 'text',
    tool: 'function type',
  },
}
