/** Fields of a request that `providerOptions` may have, with their places. */
export const options = [
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
] as const
