import { setupServer } from 'msw/node'
import type { ChatRequest } from 'llm-switchyard'
import {
  createFakeProvider,
  fakeFetch,
  mswHandlers,
  type FakeOptions,
  type FakeScript,
  type LogEntry,
} from 'llm-switchyard/testing'

/** A running fake, and what a call needs to reach it. */
export interface Carried extends AsyncDisposable {
  readonly reach: Pick<ChatRequest, 'baseUrl' | 'fetch'>
  readonly log: readonly LogEntry[]
}

export type Carrier = (answers: FakeScript, dialect: string, options?: FakeOptions) => Promise<Carried>

/** The three ways to reach one script: over a socket, by an injected `fetch`, and by msw at the vendors' own hosts. */
export const carriers: Readonly<Record<string, Carrier>> = {
  server: async (answers, dialect, options) => {
    const provider = await createFakeProvider({ ...options, script: answers })
    return {
      reach: { baseUrl: provider.baseUrl(dialect) },
      log: provider.log,
      [Symbol.asyncDispose]: () => provider.close(),
    }
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
export const targets: Readonly<Record<string, { readonly provider: string; readonly model: string }>> = {
  'openai-chat': { provider: 'openai', model: 'gpt-4.1-mini' },
  'anthropic-messages': { provider: 'anthropic', model: 'claude-haiku-4-5' },
  gemini: { provider: 'google', model: 'gemini-3-flash' },
}
