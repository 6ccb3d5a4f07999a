// node examples/tools.ts (after `npm run build:js`): a tool loop by hand, with a zod schema.
import { chatApiCall, defineTool, type MessageInput } from 'llm-switchyard'
import { createFakeProvider, script } from 'llm-switchyard/testing'
import * as z from 'zod'

await using fake = await createFakeProvider({
  script: script(({ toolResults }) =>
    toolResults.length === 0
      ? { toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] }
      : `Dress warmly: ${toolResults[0]?.text ?? ''}`,
  ),
})

const Weather = z.object({ city: z.string().describe('Name of the city') })
const run = (args: unknown) => ({ celsius: Weather.parse(args).city === 'Oslo' ? -3 : 20 })
const weather = defineTool({ name: 'get_weather', description: 'The weather of a city', parameters: Weather })

const messages: MessageInput[] = [{ role: 'user', content: 'What shall I wear in Oslo?' }]
for (;;) {
  const access = { model: 'google/gemini-2.5-flash', baseUrl: fake.baseUrl('gemini'), apiKey: 'none' }
  const reply = await chatApiCall({ ...access, messages, tools: [weather] })
  messages.push(reply.message)
  if (reply.toolCalls.length === 0) {
    console.log(reply.text)
    break
  }
  for (const { id, name, arguments: args } of reply.toolCalls) {
    const content = run(args)
    console.log(`${name}(${JSON.stringify(args)}) = ${JSON.stringify(content)}`)
    messages.push({ role: 'tool', toolCallId: id, content })
  }
}
