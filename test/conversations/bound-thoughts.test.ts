import { createOrchestrator, defineTool } from 'llm-switchyard'
import { createChatService, type SendRequest } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createFakeProvider, type FakeRequest } from 'llm-switchyard/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

const TURNS = 40
const MODEL = 'anthropic/claude-opus-5-5'
const identity = { userId: 'ada' }
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const look = defineTool({ name: 'look', description: 'Looks', execute: () => 'Rain' })

function reply({ turns, toolResults }: FakeRequest) {
  const asked = turns.filter(({ role }) => role === 'user').length
  const reasoning = `Thought of turn ${asked}, round ${toolResults.length}`
  if (asked % 5 === 0 && toolResults.length === 0) return { reasoning, toolCalls: [{ name: 'look' }] }
  return { reasoning, text: `Answer ${asked}` }
}

/** 40 turns with a picture in every seventh and a tool in every fifth. */
async function talk(change: (turn: number) => Partial<SendRequest> = () => ({})) {
  const fake = await createFakeProvider({ script: reply, thoughtBinding: true })
  const spare = await createFakeProvider({ script: reply })
  const orchestrator = createOrchestrator({
    providers: {
      anthropic: { apiKey: 'any', baseUrl: fake.baseUrl('anthropic-messages') },
      google: { apiKey: 'any', baseUrl: spare.baseUrl('gemini') },
    },
  })
  const chats = createChatService({
    orchestrator,
    store: createMemoryStore(),
    defaults: { model: MODEL },
    persona: (name) => ({ name, systemPrompt: `You are ${name}.` }),
  })
  onTestFinished(async () => {
    await chats.close()
    await orchestrator.close()
    await fake.close()
    await spare.close()
  })
  let conversationId: string | undefined
  for (let turn = 1; turn <= TURNS; turn++) {
    const image = { type: 'image' as const, data: png, mediaType: 'image/png' }
    const text = { type: 'text' as const, text: `Question ${turn}` }
    const message = turn % 7 === 1 ? [text, image] : text.text
    const result = await chats.send({
      identity,
      message,
      conversationId,
      tools: [look],
      reasoning: 'medium',
      ...change(turn),
    })
    conversationId = result.conversationId
    expect(result.status).toBe('complete')
  }
  const bodies = fake.log.map(({ body, status }) => ({ ...countsOf(body), status }))
  const accepted = bodies.filter(({ status }) => status === 200)
  const possible = accepted.reduce((sum, { answers }) => sum + answers, 0)
  const replayed = accepted.reduce((sum, { thoughts }) => sum + thoughts, 0)
  return {
    refused: bodies.length - accepted.length,
    drops: bodies.filter(({ drops }) => drops).length,
    rate: replayed / possible,
  }
}

interface Body {
  readonly thinking?: { readonly block_binding?: unknown }
  readonly messages: readonly { readonly role: string; readonly content: unknown }[]
}

/** How many answers of the model a body holds, and how many of them with their thought. */
function countsOf(body: unknown): { answers: number; thoughts: number; drops: boolean } {
  const { messages, thinking } = body as Body
  const answers = messages.filter(({ role }) => role === 'assistant')
  const thoughts = answers.filter(({ content }) => JSON.stringify(content).includes('"type":"thinking"'))
  return {
    answers: answers.length,
    thoughts: thoughts.length,
    drops: thinking?.block_binding !== undefined,
  }
}

describe('reasoning that is bound to what stands before it, in a chat service with its defaults', () => {
  test('40 turns with pictures and tools: nothing is refused, every thought goes back', async () => {
    expect(await talk()).toEqual({ refused: 0, drops: 0, rate: 1 })
  })

  test('another persona in the middle: one refusal at the provider, none for the user', async () => {
    const { refused, rate } = await talk((turn) => ({ persona: turn <= 20 ? 'Ada' : 'Bo' }))
    expect(refused).toBeLessThanOrEqual(1)
    expect(rate).toBeGreaterThanOrEqual(0.9)
  })

  test('a turn that another vendor answers', async () => {
    const other = { model: 'google/gemini-2.5-flash' }
    const { refused, rate } = await talk((turn) => (turn === 15 ? other : {}))
    expect(refused).toBe(0)
    expect(rate).toBeGreaterThanOrEqual(0.9)
  })
})
