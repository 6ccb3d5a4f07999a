import { describe, expect, test } from 'vitest'
import { judge } from './judge.ts'
import { readRecordings, recordingsFolder } from './recordings.ts'
import { byteByByte, crlf, replayRecording, seeded, whole, type Cut } from './replay.ts'

const DIALECTS = [
  'openai-chat',
  'anthropic-messages',
  'gemini',
  'openai-responses',
  'cohere-v2',
  'bedrock-converse',
  'bedrock-invoke',
  'ollama-chat',
]
const folder = recordingsFolder()
if (folder === undefined) {
  const reason =
    'recorded provider traffic was not found (../shared/fixtures, or the folder that WIRE_FIXTURES names)'
  if (process.env['CI'] === 'true') throw new Error(`${reason}: CI needs it`)
  test('recorded answers', ({ skip }) => skip(reason))
}

const cuts: Readonly<Record<string, Cut>> = {
  whole,
  'byte by byte': byteByByte,
  crlf,
  'seeded 1': seeded(1),
  'seeded 2': seeded(20_261_121),
}

describe.skipIf(folder === undefined)('recorded answers of real providers', () => {
  for (const dialect of DIALECTS) {
    const recordings = folder === undefined ? [] : readRecordings(folder, [dialect])
    test.each(recordings.map((recording) => [recording.name, recording] as const))(
      '%s',
      async (_name, recording) => {
        const differences: string[] = []
        let first: unknown
        for (const [cutName, cut] of Object.entries(cuts)) {
          if (recording.kind !== 'stream' && cut !== whole) continue
          // Line ends mean nothing in a binary stream.
          if (recording.framing === 'aws-event-stream' && cut === crlf) continue
          const outcome = await replayRecording(recording, cut)
          for (const difference of judge(recording, outcome)) differences.push(`${cutName}: ${difference}`)
          // The same events, whatever the cuts: but for the ids made for calls that came without.
          const events = JSON.stringify(outcome.events).replace(/"call_[0-9a-f]{32}"/g, '"call"')
          first ??= events
          if (events !== first) differences.push(`${cutName}: other events than whole`)
        }
        expect(differences).toEqual([])
      },
    )
  }
})
