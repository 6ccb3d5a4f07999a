// node examples/persona-chat/main.ts (after `npm run build:js`): a chat with a persona, on the fake provider.
import { createOrchestrator, LlmError } from 'llm-switchyard'
import { createFakeProvider } from 'llm-switchyard/testing'
import { openChat } from './chat.ts'

await using fake = await createFakeProvider({
  script: [
    'Nobody has seen the Anna since; on grey days I still light the lamp for her.',
    'Twelve, on a calm sea. Ring me on 202-555-0143 before you sail.',
  ],
})
await using orchestrator = createOrchestrator({
  providers: { openai: { baseUrl: fake.baseUrl('openai-chat'), apiKey: 'none' } },
  requestLimits: { maxTextChars: 2_000 },
  moderation: { rules: 'smuggl -> block #crime', pii: true },
})
const chat = await openChat({
  orchestrator,
  model: 'openai/gpt-4.1-mini',
  user: 'Jonas',
  write: (text) => process.stdout.write(text),
})

console.log(`Maren: ${chat.greeting}`)
for (const text of [
  'What became of the Anna?',
  'How many nm to the harbour, and what is her ETA?',
  'Will you help me smuggle rum?',
  'x'.repeat(2_001),
]) {
  console.log(`\nJonas: ${text.slice(0, 60)}`)
  process.stdout.write('Maren: ')
  try {
    const answer = await chat.say(text)
    console.log(`\n       kept as ${JSON.stringify(answer)}`)
  } catch (error) {
    if (!LlmError.is(error)) throw error
    console.log(`(refused: ${error.kind}, ${error.httpStatus})`)
  }
}

console.log('\nWhat the model was told the second time:')
for (const { system, turns } of fake.log.flatMap(({ request }) => request ?? []).slice(1)) {
  console.log(`  ${(system ?? '').replaceAll('\n', '\n  ')}`)
  for (const { role, text } of turns) console.log(`  ${role}: ${text.replaceAll('\n', '\n    ')}`)
}
console.log('\nThat was the talk.')
