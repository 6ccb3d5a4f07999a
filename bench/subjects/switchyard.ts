import type { ChatApiCall, ChatRequest, Transport } from 'llm-switchyard'
import { chatApiCall, createOrchestrator } from 'llm-switchyard'
import type { Subject } from '../subject.ts'
import { KEY, MAX_TOKENS, MODEL, QUESTION, SYSTEM, TEMPERATURE } from '../wire.ts'

/** The bare call, on the transport that is given, else on `fetch`. */
export function createSwitchyard(ownBaseUrl: string, transport?: Transport): Subject {
  return subjectOf(ownBaseUrl, chatApiCall, (baseUrl) => ({
    ...REQUEST,
    provider: 'openai-compatible',
    baseUrl,
    apiKey: KEY,
    messages: messagesOf(),
    transport,
  }))
}

/** The same call behind limits, queue, breakers, retries, fallback and events, all of them at work. */
export function createGuarded(ownBaseUrl: string, transport?: Transport): Subject {
  const orchestrator = createOrchestrator({
    ...(transport === undefined ? undefined : { transport }),
    retry: { attempts: 3 },
    breaker: { failures: 5 },
    limits: {
      global: { requestsPerMinute: 1e9, tokensPerMinute: 1e12 },
      user: { requestsPerMinute: 1e9, tokensPerMinute: 1e12 },
      conversation: { requestsPerMinute: 1e9 },
    },
    queue: { concurrency: 2_000, maxPending: 10_000 },
    fallback: ['openai/gpt-4.1-mini'],
    onEvent: () => undefined,
  })
  return subjectOf(ownBaseUrl, orchestrator.chatApiCall, (baseUrl) => ({
    ...REQUEST,
    provider: 'openai-compatible',
    baseUrl,
    apiKey: KEY,
    messages: messagesOf(),
    userId: 'user-1',
    conversationId: 'conversation-1',
    priority: 'high',
  }))
}

const REQUEST = { model: MODEL, maxTokens: MAX_TOKENS, temperature: TEMPERATURE } as const

function messagesOf(): ChatRequest['messages'] {
  return [
    { role: 'system', content: SYSTEM },
    { role: 'user', content: QUESTION },
  ]
}

function subjectOf(
  ownBaseUrl: string,
  call: ChatApiCall,
  requestOf: (baseUrl: string) => ChatRequest,
): Subject {
  return {
    call: async () => {
      const response = await call({ ...requestOf(ownBaseUrl), stream: false })
      return response.text
    },
    stream: async ({ baseUrl, onText, signal }) => {
      const stream = await call({ ...requestOf(baseUrl), signal, stream: true })
      for await (const event of stream) if (event.type === 'text-delta') onText(event.text)
    },
  }
}
