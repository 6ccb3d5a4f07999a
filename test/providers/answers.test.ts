import { join } from 'node:path'
import { catalogue, chatApiCall, LlmError, type StreamEvent } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { judge } from '../conformance/judge.ts'
import { readRecordings, type Recording } from '../conformance/recordings.ts'
import {
  byteByByte,
  crlf,
  seeded,
  transportOf,
  whole,
  type Cut,
  type Outcome,
} from '../conformance/replay.ts'

const cuts: Readonly<Record<string, Cut>> = { whole, 'byte by byte': byteByByte, crlf, seeded: seeded(3) }

/** The call to the provider itself: with all that its data says. */
async function replay(recording: Recording, cut: Cut): Promise<Outcome> {
  const { provider, model, kind } = recording
  const request = {
    provider,
    model,
    apiKey: 'test-key',
    baseUrl: 'http://recorded.test/v1',
    messages: [{ role: 'user' as const, content: 'How is the tide?' }],
    transport: transportOf(recording, cut),
  }
  const events: StreamEvent[] = []
  try {
    if (kind !== 'stream') return { response: await chatApiCall(request), events }
    const stream = await chatApiCall({ ...request, stream: true })
    for await (const event of stream) events.push(event)
    return { response: await stream.response, events }
  } catch (error) {
    if (LlmError.is(error)) return { events, error }
    throw error
  }
}

const recordings = readRecordings(join(import.meta.dirname, '../fixtures'), ['providers'])

describe('answers, as each provider words them', () => {
  test.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s',
    async (name, recording) => {
      expect(name.split('/')[1]).toBe(recording.provider)
      for (const [cutName, cut] of Object.entries(cuts)) {
        if (recording.kind !== 'stream' && cut !== whole) continue
        const differences = judge(recording, await replay(recording, cut))
        expect(differences.map((difference) => `${cutName}: ${difference}`)).toEqual([])
      }
    },
  )

  test('are of providers that exist', () => {
    const ids = catalogue.map(({ id }) => id)
    expect(recordings.length).toBeGreaterThan(8)
    for (const { provider } of recordings) expect(ids).toContain(provider)
  })
})
