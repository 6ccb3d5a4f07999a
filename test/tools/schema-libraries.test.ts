import { type } from 'arktype'
import { chatApiCall, defineTool, type Schema } from 'llm-switchyard'
import { createFakeProvider, type FakeProviderOptions } from 'llm-switchyard/testing'
import { runTools } from 'llm-switchyard/tools'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'

const messages = [{ role: 'user', content: 'Hello' }] as const

async function target(script: FakeProviderOptions['script']) {
  const provider = await createFakeProvider({ script })
  return { provider, model: 'openai/m', baseUrl: provider.baseUrl('openai-chat'), apiKey: 'k', messages }
}

const schemas: [string, Schema][] = [
  ['zod', z.object({ city: z.string(), days: z.number().default(3) })],
  ['arktype, whose types are functions', type({ city: 'string', days: 'number = 3' })],
  [
    'JSON Schema',
    {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'number', default: 3 } },
      required: ['city'],
    },
  ],
]

describe.each(schemas)('a schema of %s', (_name, schema) => {
  test('checks the arguments of a tool, and fills in defaults', async () => {
    const { provider, ...request } = await target(({ toolResults }) =>
      toolResults.length > 0 ? 'Done' : { toolCalls: [{ name: 'weather', arguments: { city: 'Bern' } }] },
    )
    await using _ = provider
    const given: unknown[] = []
    const weather = defineTool({ name: 'weather', parameters: schema, execute: (args) => given.push(args) })
    expect(await runTools(chatApiCall, { ...request, tools: [weather] })).toMatchObject({ text: 'Done' })
    expect(given).toEqual([{ city: 'Bern', days: 3 }])
  })

  test.each([
    ['as json', { type: 'json', schema } as const],
    ['bare', schema],
  ])('is the format of an answer, %s', async (_form, responseFormat) => {
    const { provider, ...request } = await target('{"city":"Bern","days":2}')
    await using _ = provider
    const { object, warnings } = await chatApiCall({ ...request, responseFormat })
    expect({ object, warnings }).toEqual({ object: { city: 'Bern', days: 2 }, warnings: [] })
  })
})
