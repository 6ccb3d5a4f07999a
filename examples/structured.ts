// node examples/structured.ts (after `npm run build:js`): an answer of a given shape, checked.
import { chatApiCall } from 'llm-switchyard'
import { createFakeProvider } from 'llm-switchyard/testing'
import * as z from 'zod'

await using fake = await createFakeProvider({ script: '{"title":"Yards","tags":["rail","power"]}' })

const Summary = z.object({ title: z.string(), tags: z.array(z.string()) })
const reply = await chatApiCall({
  model: 'openai/gpt-4.1-mini',
  baseUrl: fake.baseUrl('openai-chat'),
  apiKey: 'none',
  messages: [{ role: 'user', content: 'Summarise switchyards.' }],
  responseFormat: Summary,
})
console.log(reply.object)
