import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, streamText } from 'ai'
import type { Subject } from '../subject.ts'
import { KEY, MAX_TOKENS, MODEL, QUESTION, SYSTEM, TEMPERATURE } from '../wire.ts'

/** `generateText` and `streamText` over the adapter for compatible servers, without retries. */
export function create(ownBaseUrl: string): Subject {
  const requestOf = (baseURL: string) => ({
    model: createOpenAICompatible({ name: 'bench', baseURL, apiKey: KEY, includeUsage: true })(MODEL),
    instructions: SYSTEM,
    prompt: QUESTION,
    maxOutputTokens: MAX_TOKENS,
    temperature: TEMPERATURE,
    maxRetries: 0,
  })
  return {
    call: async () => {
      const { text } = await generateText(requestOf(ownBaseUrl))
      return text
    },
    stream: async ({ baseUrl, onText, signal }) => {
      const { textStream } = streamText({ ...requestOf(baseUrl), abortSignal: signal })
      for await (const text of textStream) onText(text)
    },
  }
}
