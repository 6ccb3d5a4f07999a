import { describe, expect, test } from 'vitest'
import { readFault } from '../../src/dialects/fault.ts'

const kindOf = (message: string, status = 400): string => readFault(status, { error: { message } }).kind

describe('a prompt that is too long, in the words of', () => {
  test.each([
    [
      'OpenAI',
      'Your input exceeds the context window of this model. Please adjust your input and try again.',
    ],
    [
      'OpenAI, chat',
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.",
    ],
    [
      'OpenAI, characters',
      "Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576, but got a string with length 1540820 instead.",
    ],
    ['Anthropic', 'prompt is too long: 213462 tokens > 200000 maximum'],
    [
      'Anthropic, with the answer',
      'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again',
    ],
    ['Google', 'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).'],
    ['Bedrock', 'Input is too long for requested model.'],
    ['Bedrock, newer', 'Input exceeds the max input token limit'],
    ['xAI', "This model's maximum prompt length is 131072 but the request contains 537812 tokens."],
    ['Groq', 'Please reduce the length of the messages or completion.'],
    [
      'Mistral',
      'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    ],
    [
      'Cohere',
      'too many tokens: size limit exceeded by 19296 tokens. Try using shorter or fewer inputs. The limit for this model is 132000 tokens.',
    ],
    ['Cohere, older', "total tokens exceeds the model's max of 4096"],
    ['Moonshot', 'Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)'],
    ['z.ai', 'Prompt too long'],
    ['z.ai, in Chinese', 'Prompt 超长'],
    ['z.ai, older', 'tokens in request more than max tokens allowed'],
    ['Qwen', 'Range of input length should be [1, 129024]'],
    ['MiniMax', 'invalid params, context window exceeds limit'],
    [
      'OpenRouter',
      "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens",
    ],
    ['Poolside', 'Input length 131393 exceeds the maximum allowed input length of 131040 tokens.'],
    ['GitHub Copilot', 'prompt token count of 140000 exceeds the limit of 128000'],
    ['Fireworks', 'The prompt is too long: 140000, model maximum context length: 131071'],
    [
      'Together',
      'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 80125 `inputs` tokens and 4096 `max_new_tokens`',
    ],
    ['TGI', 'Input validation error: `inputs` must have less than 4095 tokens. Given: 5000'],
    ['vLLM', 'The decoder prompt (length 163840) is longer than the maximum model length of 131072.'],
    [
      'vLLM, with the answer',
      "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request has 2104 input tokens",
    ],
    ['SGLang', "The input (61709 tokens) is longer than the model's context length (40960 tokens)."],
    ['SGLang, newer', "Requested token count exceeds the model's maximum context length of 131072 tokens."],
    ['SGLang, memory', 'Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens).'],
    ['llama.cpp', 'the request exceeds the available context size, try increasing it'],
    ['LM Studio', 'The number of tokens to keep from the initial prompt is greater than the context length.'],
    ['Ollama', 'prompt too long; exceeded max context length by 12 tokens'],
    ['Ollama, older', 'the input length exceeds the context length'],
    ['TabbyAPI', 'Prompt length 40000 is greater than max_seq_len 32768'],
  ])('%s', (_server, message) => {
    expect(kindOf(message)).toBe('context-too-long')
  })

  test.each([
    [
      "Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum length 40, but got a string with length 43 instead.",
    ],
    [
      "Invalid 'input[3].call_id': string too long. Expected a string with maximum length 64, but got a string with length 90 instead.",
    ],
    [
      "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a string with length 70 instead.",
    ],
    ['messages.1.content.0.tool_use.id: String should have at most 64 characters'],
    ['max_tokens is too large: 50000. This model supports at most 16384 completion tokens'],
    ['max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens'],
    ['The maximum tokens you requested exceeds the model limit of 4096.'],
  ])('and this is none: %s', (message) => {
    expect(kindOf(message)).toBe('invalid-request')
  })

  test('nor is a rate of tokens', () => {
    expect(kindOf('Too many tokens, please wait before trying again.', 429)).toBe('rate-limited')
  })
})

describe('refused content, in the words of', () => {
  test.each([
    ['xAI', 403, 'Content violates usage guidelines.'],
    ['OpenAI', 400, 'Invalid prompt: your prompt was flagged as potentially violating our usage policy.'],
    [
      'Azure',
      400,
      "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    ],
    ['Anthropic', 400, 'Output blocked by content filtering policy'],
    ['DeepSeek', 400, 'Content Exists Risk'],
    ['Moonshot', 400, 'The request was rejected because it was considered high risk'],
    ['Qwen', 400, 'Input data may contain inappropriate content.'],
    ['z.ai', 400, 'System detected potentially unsafe or sensitive content in input or generation.'],
    ['OpenRouter', 403, 'm requires moderation. Your input was flagged for "harassment".'],
    ['StepFun', 451, 'The content you provided or machine outputted is blocked.'],
  ])('%s', (_server, status, message) => {
    expect(kindOf(message, status)).toBe('content-blocked')
  })

  test('but a key without access is no refusal', () => {
    expect(kindOf('The caller does not have permission', 403)).toBe('unauthorized')
  })
})

describe('spent money, in the words of', () => {
  test.each([
    ['OpenAI', 429, 'You exceeded your current quota, please check your plan and billing details.'],
    ['Anthropic', 400, 'Your credit balance is too low to access the Anthropic API.'],
    [
      'Anthropic, by month',
      429,
      "This request would exceed your account's monthly spend limit. Please try again later.",
    ],
    ['Anthropic, own cap', 400, 'You have reached your specified API usage limits.'],
    ['z.ai', 429, 'Insufficient balance or no resource package. Please recharge.'],
    ['LiteLLM', 400, 'Budget has been exceeded! Current cost: 1.2, Max budget: 1.0'],
    ['OpenRouter, by day', 429, 'Rate limit exceeded: free-models-per-day.'],
  ])('%s', (_server, status, message) => {
    expect(kindOf(message, status)).toBe('quota-exhausted')
  })

  test('a day with a wait is only a limit', () => {
    const message = 'Rate limit reached on tokens per day (TPD): Limit 1, Used 1. Please try again in 7m12s.'
    expect(readFault(429, { error: { message } })).toMatchObject({
      kind: 'rate-limited',
      retryAfterMs: 432_000,
    })
  })
})
