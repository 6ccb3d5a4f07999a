import { createChatService } from 'llm-switchyard/conversations'
import { createOrchestrator } from 'llm-switchyard'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createPromptComposer } from 'llm-switchyard/prompts'
import { createFakeProvider } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { at, spoken } from '../hazards/dialects.ts'
import { ada as identity } from './chat-host.ts'

const persona = (name: string): { name: string; systemPrompt: string; postHistoryInstructions: string } => ({
  name,
  systemPrompt: 'You are Mia.',
  postHistoryInstructions: 'Stay brief.',
})

// These formats have instructions at the beginning alone, unless the model says otherwise.
const WITHOUT_PLACE: ReadonlySet<string> = new Set([
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'bedrock-invoke',
])
const places = [
  ...spoken.map((dialect) => ({ dialect, model: undefined, isBehind: !WITHOUT_PLACE.has(dialect) })),
  { dialect: 'anthropic-messages', model: 'claude-opus-4-8', isBehind: true },
]

describe.each(places)(
  'instructions after the history over $dialect $model',
  ({ dialect, model, isBehind }) => {
    test.each([
      ['without a composer', undefined],
      ['with one', createPromptComposer()],
    ])('stay behind the turn where they have a place; else a warning says so: %s', async (_how, composer) => {
      await using fake = await createFakeProvider({ script: 'fine' })
      await using orchestrator = createOrchestrator()
      await using chats = createChatService({ orchestrator, store: createMemoryStore(), persona, composer })
      const request = { identity, persona: 'Mia', ...at(fake, dialect), ...(model && { model }) }
      const { conversationId } = await chats.send({ ...request, message: 'first question' })
      for (const message of ['second question', 'third question']) {
        const { warnings } = await chats.send({ ...request, conversationId, message })
        const body = JSON.stringify(fake.log.at(-1)?.body)
        expect(body.split('Stay brief.')).toHaveLength(2)
        expect(body.lastIndexOf('Stay brief.') > body.lastIndexOf(message)).toBe(isBehind)
        expect(JSON.stringify(warnings).includes('moved to its beginning')).toBe(!isBehind)
      }
    })
  },
)
