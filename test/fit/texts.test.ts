import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chatApiCall } from 'llm-switchyard'
import { wellFormedJson } from '../../src/core/fit/well-formed.ts'
import { canonicalUrl, registeredType } from '../../src/core/media-type.ts'

describe('halves of surrogate pairs', () => {
  test('every JSON text comes out well-formed, and well-formed ones unchanged', () => {
    const text = fc.string({
      unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud83d', '\ude00', '\\')),
    })
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), text, (value, odd) => {
        const parsed: unknown = JSON.parse(wellFormedJson(JSON.stringify([value, odd])))
        const fitted = (held: unknown): unknown =>
          typeof held === 'string'
            ? held.toWellFormed()
            : Array.isArray(held)
              ? held.map(fitted)
              : typeof held === 'object' && held !== null
                ? Object.fromEntries(
                    Object.entries(held).map(([key, inner]) => [key.toWellFormed(), fitted(inner)]),
                  )
                : held
        expect(parsed).toEqual(JSON.parse(JSON.stringify(fitted([value, odd]))))
      }),
      { numRuns: 2_000 },
    )
  })

  const half = 'cut \ud83d here'
  const requests = {
    message: { messages: [{ role: 'user', content: half }] },
    part: { messages: [{ role: 'user', content: [{ type: 'text', text: half }] }] },
    system: { system: half, messages: [{ role: 'user', content: 'x' }] },
    arguments: {
      tools: [{ name: 't' }],
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', toolCalls: [{ id: 'c', name: 't', arguments: { half } }] },
        { role: 'tool', toolCallId: 'c', content: half },
      ],
    },
    tool: { tools: [{ name: 't', description: half }], messages: [{ role: 'user', content: 'x' }] },
  } as const
  const models = [
    'openai/gpt-4.1-mini',
    'anthropic/claude-haiku-4-5',
    'google/gemini-3-flash',
    'bedrock/us.amazon.nova-lite-v1:0',
    'cohere/command-a-03-2025',
    'ollama/qwen3',
    'mistral/mistral-large-latest',
  ]
  const cells = models.flatMap((model) => Object.keys(requests).map((where) => [model, where] as const))
  test.each(cells)('%s: none is sent in the %s', async (model, where) => {
    let sent = ''
    await chatApiCall({
      model,
      apiKey: 'k',
      ...(requests[where as keyof typeof requests] as unknown as { messages: [] }),
      fetch: (_url, init) => {
        sent = init?.body as string
        return Promise.resolve(Response.json({}))
      },
    }).catch(() => undefined)
    expect(sent).toContain('cut')
    expect(sent).not.toMatch(/\\+ud83d/i)
  })
})

describe('media types', () => {
  test.each([
    ['image/jpg', 'image/jpeg'],
    ['IMAGE/PNG', 'image/png'],
    [' image/png; q=1', 'image/png'],
    ['audio/x-wav', 'audio/wav'],
    ['application/pdf', 'application/pdf'],
  ])('%s is %s', (given, registered) => expect(registeredType(given)).toBe(registered))

  test.each([
    ['data:image/png;base64,AAAA', 'data:image/png;base64,AAAA'],
    ['data:image/jpg;base64,AAAA', 'data:image/jpeg;base64,AAAA'],
    ['data:image/PNG;BASE64,AAAA', 'data:image/png;base64,AAAA'],
    ['DATA:image/png;base64,AA\nAA ', 'data:image/png;base64,AAAA'],
    ['data:image/png;charset=utf-8;base64,AAAA', 'data:image/png;base64,AAAA'],
    [' data:image/png;base64,A-_A', 'data:image/png;base64,A+/A'],
    ['https://x.test/a.jpg', 'https://x.test/a.jpg'],
    ['data:text/plain,hello%20you', 'data:text/plain,hello%20you'],
  ])('%j is sent as %j', (given, canonical) => expect(canonicalUrl(given)).toBe(canonical))

  const models = [
    'openai/gpt-4.1',
    'anthropic/claude-haiku-4-5',
    'google/gemini-3-flash',
    'cohere/command-a-vision-07-2025',
  ]
  const parts = [
    { type: 'image', data: 'aG\nk=', mediaType: 'image/JPG' },
    { type: 'image', url: 'data:image/jpg;BASE64,aG k=' },
    { type: 'image_url', image_url: { url: 'data:image/jpg;base64,aGk=' } },
  ] as const
  test.each(models.flatMap((model) => parts.map((part) => [model, part] as const)))(
    '%s takes %j as a JPEG',
    async (model, part) => {
      let sent = ''
      await chatApiCall({
        model,
        apiKey: 'k',
        messages: [{ role: 'user', content: [part] }],
        fetch: (_url, init) => {
          sent = init?.body as string
          return Promise.resolve(Response.json({}))
        },
      }).catch(() => undefined)
      expect(sent).toContain('image/jpeg')
      expect(sent).toContain('aGk=')
      expect(sent).not.toMatch(/image\/jpg|BASE64/)
    },
  )
})
