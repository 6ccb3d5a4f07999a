import type { ParamMap } from '../../core/params.ts'

const plain = 'the format is plain text'

/** The neutral settings in this format's words. */
export const params: ParamMap = {
  maxTokens: { to: 'max_length', required: 1_024 },
  temperature: { to: 'temperature' },
  topP: { to: 'top_p' },
  topK: { to: 'top_k' },
  minP: { to: 'min_p' },
  stop: { to: 'stop_sequence' },
  seed: { to: 'sampler_seed' },
  frequencyPenalty: { drop: 'the format has none; presencePenalty and repetitionPenalty are taken' },
  presencePenalty: { to: 'presence_penalty' },
  repetitionPenalty: { to: 'rep_pen' },
  logitBias: { to: 'logit_bias' },
  logprobs: { to: 'logprobs' },
  topLogprobs: { drop: 'the server decides how many it gives' },
  n: { drop: 'the format gives one answer a call' },
  responseFormat: { drop: `${plain}; a grammar may go into extraBody` },
  tools: { drop: `${plain}: it has no tools` },
  toolChoice: { drop: `${plain}: it has no tools` },
  parallelToolCalls: { drop: `${plain}: it has no tools` },
  reasoning: { drop: `${plain}: it knows no reasoning` },
  user: { drop: 'the format has no field for the end user' },
  metadata: { drop: 'the format has no metadata' },
}
