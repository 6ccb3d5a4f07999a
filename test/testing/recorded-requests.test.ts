import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fakeFetch } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { recordingsFolder } from '../conformance/recordings.ts'

/** The vendors whose rules the fake keeps; servers that only speak the format have rules and fields of their own. */
const vendors = [
  'openai-chat/openai',
  'anthropic-messages/anthropic',
  'gemini/google',
  'openai-responses/openai',
  'cohere-v2/cohere',
  'bedrock-converse/bedrock',
  'ollama-chat/ollama',
]

interface Recorded {
  readonly name: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: unknown
  readonly accepted: boolean
}

/** Recorded bodies hold marks where long data was left out; those are no longer what the vendor got. */
function isShortened(text: string): boolean {
  return /left out|omitted|truncated|\[\.\.\.|…/i.test(text)
}

function readRecorded(folder: string, vendor: string): Recorded[] {
  const place = join(folder, vendor)
  const names = readdirSync(place).filter((name) => name.endsWith('.request.json'))
  return names.flatMap((file) => {
    const text = readFileSync(join(place, file), 'utf8')
    const { url, headers, body } = JSON.parse(text) as Omit<Recorded, 'name' | 'accepted'>
    const sidecar = readFileSync(join(place, file.replace('.request.', '.expected.')), 'utf8')
    const { status } = JSON.parse(sidecar) as { status: number }
    // Recordings leave out keys, and some all headers.
    const key = {
      authorization: 'Bearer k',
      'x-api-key': 'k',
      'x-goog-api-key': 'k',
      'anthropic-version': '2023-06-01',
    }
    const name = `${vendor}/${file}`
    return isShortened(text)
      ? []
      : [{ name, url, headers: { ...headers, ...key }, body, accepted: status < 400 }]
  })
}

const folder = recordingsFolder()

if (folder === undefined)
  test('the fake takes what the vendor took', ({ skip }) =>
    skip(
      'recorded provider traffic was not found (../shared/fixtures, or the folder that WIRE_FIXTURES names)',
    ))
else
  describe('the fake takes what the vendor took', () => {
    const recorded = vendors.flatMap((vendor) => readRecorded(folder, vendor))

    test.each(recorded.filter(({ accepted }) => accepted))('$name', async ({ url, headers, body }) => {
      const fetch = fakeFetch('ok')
      await fetch(url.replace('<AWS_REGION>', 'eu-west-1'), {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      expect(fetch.log[0]?.refused).toBeUndefined()
      expect(fetch.log[0]?.request).toBeDefined()
    })

    test('there are enough of them', () => {
      expect(recorded.length).toBeGreaterThan(80)
    })
  })
