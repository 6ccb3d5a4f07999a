import { describe, expect, test } from 'vitest'
import { embed, LlmError } from 'llm-switchyard'
import { readRecordings, recordingsFolder } from './recordings.ts'
import { transportOf, whole } from './replay.ts'

const folder = recordingsFolder()

// Vendors whose chat is not in the catalogue, but who speak the common embeddings format.
const PROVIDERS: Readonly<Record<string, string>> = {
  azure: 'openai',
  voyage: 'openai-compatible',
  vertex: 'google',
}

describe.skipIf(folder === undefined)('recorded embeddings of real providers', () => {
  const recordings = folder === undefined ? [] : readRecordings(folder, ['embeddings'])
  test.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s',
    async (_name, recording) => {
      const { expected } = recording
      const provider = PROVIDERS[recording.provider] ?? recording.provider
      const input = Array.from({ length: expected.embedding?.count ?? 1 }, (_none, at) => `text ${at}`)
      const access = {
        apiKey: 'k',
        baseUrl: 'http://recorded.test/v1',
        transport: transportOf(recording, whole),
      }
      const outcome = await embed({ provider, model: recording.model, input, ...access }).catch(
        (error: unknown) => error,
      )
      if (expected.error !== undefined) {
        if (!LlmError.is(outcome)) throw new Error('an error was expected')
        expect(outcome.status).toBe(expected.error.status)
        expect(outcome.message).toContain(expected.error.message.slice(0, 60))
        return
      }
      if (LlmError.is(outcome)) throw outcome
      const { embeddings, usage } = outcome as Awaited<ReturnType<typeof embed>>
      const { count, dims, first } = expected.embedding ?? { count: 0 }
      expect(embeddings).toHaveLength(count)
      if (dims) expect(embeddings[0]).toHaveLength(dims)
      if (Array.isArray(first))
        expect(embeddings[0]?.slice(0, first.length)).toEqual(
          first.map((value) => expect.closeTo(value, 6) as number),
        )
      const tokens = expected.embedding?.usage?.input
      if (typeof tokens === 'number') expect(usage.inputTokens).toBe(tokens)
    },
  )
})
