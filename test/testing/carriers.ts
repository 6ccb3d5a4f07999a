import { setupServer } from 'msw/node'
import type { ChatRequest } from 'llm-switchyard'
import { createUndiciTransport } from 'llm-switchyard/undici'
import {
  createFakeProvider,
  fakeFetch,
  mswHandlers,
  type FakeOptions,
  type FakeScript,
  type FakeRequestLog,
} from 'llm-switchyard/testing'

/** A running fake, and what a call needs to reach it. */
export interface Carried extends AsyncDisposable {
  readonly reach: Pick<ChatRequest, 'baseUrl' | 'fetch' | 'transport'>
  readonly log: readonly FakeRequestLog[]
}

export type Carrier = (answers: FakeScript, dialect: string, options?: FakeOptions) => Promise<Carried>

/** The ways to reach one script: over a socket by either transport, by an injected `fetch`, by msw at the vendors' hosts. */
export const carriers: Readonly<Record<string, Carrier>> = {
  server: async (answers, dialect, options) => {
    const provider = await createFakeProvider({ ...options, script: answers })
    return {
      reach: { baseUrl: provider.baseUrl(dialect) },
      log: provider.log,
      [Symbol.asyncDispose]: () => provider.close(),
    }
  },
  undici: async (answers, dialect, options) => {
    const provider = await createFakeProvider({ ...options, script: answers })
    const transport = createUndiciTransport()
    const close = async (): Promise<void> => {
      await transport.close()
      await provider.close()
    }
    const reach = { baseUrl: provider.baseUrl(dialect), transport }
    return { reach, log: provider.log, [Symbol.asyncDispose]: close }
  },
  fetch: async (answers, _dialect, options) => {
    const fetch = fakeFetch(answers, options)
    return { reach: { fetch }, log: fetch.log, [Symbol.asyncDispose]: async () => undefined }
  },
  msw: async (answers, _dialect, options) => {
    const fake = fakeFetch(answers, options)
    const server = setupServer(...(await mswHandlers(fake)))
    server.listen({ onUnhandledFrame: 'error' })
    return { reach: {}, log: fake.log, [Symbol.asyncDispose]: async () => server.close() }
  },
}

/** One provider and model for each wire format. */
export const targets: Readonly<
  Record<string, { readonly provider: string; readonly api?: string; readonly model: string }>
> = {
  'openai-chat': { provider: 'openai', model: 'gpt-4.1-mini' },
  'anthropic-messages': { provider: 'anthropic', model: 'claude-haiku-4-5' },
  gemini: { provider: 'google', model: 'gemini-3-flash' },
  'openai-responses': { provider: 'openai', api: 'responses', model: 'gpt-4.1-mini' },
  cohere: { provider: 'cohere', model: 'command-a-plus-05-2026' },
  'bedrock-converse': { provider: 'bedrock', model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0' },
  ollama: { provider: 'ollama', model: 'qwen3' },
}

/** What a format has no field or word for. */
export const lacks: Readonly<Record<string, readonly string[]>> = {
  ollama: ['citations', 'content-filter', 'cachedInputTokens', 'mediaType'],
}
