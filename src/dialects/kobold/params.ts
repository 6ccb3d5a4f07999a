import type { ParamMap } from '../../core/params.ts'

const plain = 'the format is plain text'

/** Where each setting goes on this wire. */
export const params: ParamMap = {
  maxTokens: { to: 'max_length', required: 1_024 },
  temperature: { to: 'temperature' },
  topP: { to: 'top_p' },
  topK: { to: 'top_k' },
  minP: { to: 'min_p' },
  stop: { to: 'stop_sequence' },
  seed: { to: 'sampler_seed' },
  frequencyPenalty: { drop: 'the format has no frequency penalty' },
  presencePenalty: { to: 'presence_penalty' },
  repetitionPenalty: { to: 'rep_pen' },
  logitBias: { to: 'logit_bias' },
  logprobs: { to: 'logprobs' },
  topLogprobs: { drop: 'the format has no such parameter' },
  n: { drop: 'the format gives one answer per request' },
  responseFormat: { drop: `${plain}; a grammar can be sent in extraBody` },
  tools: { drop: `${plain}, without tools` },
  toolChoice: { drop: `${plain}, without tools` },
  parallelToolCalls: { drop: `${plain}, without tools` },
  reasoning: { drop: `${plain}, without reasoning` },
  user: { drop: 'the format has no field for the end user' },
  cache: { drop: 'the format has no cache of prompts' },
  metadata: { drop: 'the format has no metadata' },
}
