import { createOrchestrator, defineTool } from 'llm-switchyard'
import { createChatService } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createFakeProvider, type FakeRequest } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

const TURNS = 30
const words = (topic: string, count: number): string =>
  Array.from({ length: count }, (_none, at) => `${topic}${at % 97}`).join(' ')

const targets = [
  { dialect: 'anthropic-messages', provider: 'anthropic', model: 'claude-sonnet-4-5' },
  { dialect: 'bedrock-converse', provider: 'bedrock', model: 'anthropic.claude-sonnet-4-5-20250929-v1:0' },
  { dialect: 'openai-chat', provider: 'openai', model: 'gpt-4.1-mini' },
  { dialect: 'openai-responses', provider: 'openai', model: 'gpt-4.1-mini', api: 'responses' },
  { dialect: 'gemini', provider: 'google', model: 'gemini-2.5-flash' },
] as const

const lookUp = defineTool({
  name: 'look_up',
  description: 'Looks a word up',
  parameters: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
  execute: ({ word }: { word: string }) => ({ word, meaning: words('meaning', 20) }),
})

/** Every third turn uses the tool; answers are of usual length. */
function reply({ turns, prompt, toolResults }: FakeRequest) {
  const asked = turns.filter(({ role }) => role === 'user').length
  if (asked % 3 === 0 && toolResults.length === 0 && prompt !== '')
    return { toolCalls: [{ name: 'look_up', arguments: { word: `word${asked}` } }] }
  return words('answer', 80)
}

/** Tokens of everything that an earlier body has held as well, wherever it stood there. */
function cacheableTokens(bodies: readonly unknown[]): number {
  const known = new Set<string>()
  let characters = 0
  for (const body of bodies) {
    const pieces = piecesOf(body as Record<string, unknown>)
    for (const piece of pieces) if (known.has(piece)) characters += piece.length
    for (const piece of pieces) known.add(piece)
  }
  return characters / 4
}

function piecesOf(body: Record<string, unknown>): string[] {
  const { toolConfig, tools, system, instructions, systemInstruction, messages, input, contents } = body
  const fields = [toolConfig, tools, system, instructions, systemInstruction, messages, input, contents]
  return fields.flatMap((field) => (Array.isArray(field) ? field : [field ?? '']).map(withoutMarks))
}

function withoutMarks(piece: unknown): string {
  return JSON.stringify(piece, (name, value: unknown) => {
    if (name === 'cache_control') return undefined
    return Array.isArray(value) ? value.filter((entry) => entry?.cachePoint === undefined) : value
  })
}

describe('the prompt cache of a chat service with its defaults', () => {
  test.each(targets)(
    '$dialect: at least 90 % of what was sent before is read from the cache',
    async (target) => {
      await using fake = await createFakeProvider({ script: reply, promptCache: true })
      const { dialect, provider, model } = target
      await using orchestrator = createOrchestrator({
        providers: { [provider]: { apiKey: 'any', baseUrl: fake.baseUrl(dialect) } },
      })
      const chats = createChatService({
        orchestrator,
        store: createMemoryStore(),
        defaults: { model: `${provider}/${model}` },
      })
      const identity = { userId: 'ada' }
      const settings = {
        system: words('rule', 900),
        tools: [lookUp],
        ...('api' in target ? { api: target.api } : {}),
      }
      let conversationId: string | undefined
      let read = 0
      for (let turn = 0; turn < TURNS; turn++) {
        const message = `Question ${turn}: ${words('question', 30)}`
        const result = await chats.send({ identity, message, conversationId, ...settings })
        conversationId = result.conversationId
        read += result.totalUsage.cachedInputTokens ?? 0
      }
      expect(fake.log.length).toBeGreaterThan(TURNS)
      const rate = read / cacheableTokens(fake.log.map(({ body }) => body))
      expect(rate).toBeGreaterThanOrEqual(0.9)
      await chats.close()
    },
  )
})
