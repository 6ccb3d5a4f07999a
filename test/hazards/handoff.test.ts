import { describe, expect, test } from 'vitest'
import { chatApiCall, type MessageInput } from 'llm-switchyard'
import { createFakeProvider, type FakeRequest, type ScriptedReply } from 'llm-switchyard/testing'
import { at, spoken } from './dialects.ts'

// Kobold has no tools and no roles: what it is handed is a text.
const able = spoken.filter((dialect) => dialect !== 'kobold')
const tool = { name: 'look_up', parameters: { type: 'object', properties: { word: { type: 'string' } } } }

function answer({ toolResults, prompt, turns }: FakeRequest): ScriptedReply {
  if (toolResults.length > 0)
    return {
      reasoning: 'Now I know.',
      text: `It means ${toolResults.map(({ text }) => text).join(' and ')}.`,
    }
  if (prompt.includes('two'))
    return {
      toolCalls: [
        { name: 'look_up', arguments: { word: 'a' } },
        { name: 'look_up', arguments: { word: 'b' } },
      ],
    }
  if (prompt.includes('look'))
    return {
      reasoning: 'I should look it up.',
      text: 'One moment.',
      toolCalls: [{ name: 'look_up', arguments: { word: 'yard' } }],
    }
  return { text: `I remember ${turns.length} turns.` }
}

/** A conversation with reasoning, a tool call and two parallel ones, held with one vendor. */
async function talk(dialect: string): Promise<MessageInput[]> {
  await using fake = await createFakeProvider({ script: answer })
  const access = at(fake, dialect)
  const messages: MessageInput[] = [{ role: 'user', content: 'Please look up a word.' }]
  for (const next of ['Now two words.', 'Thanks.']) {
    const asked = await chatApiCall({
      ...access,
      system: 'Be brief.',
      messages,
      tools: [tool],
      reasoning: 'low',
    })
    messages.push(asked.message)
    for (const { id } of asked.toolCalls)
      messages.push({ role: 'tool', toolCallId: id, content: { meaning: 'a place' } })
    expect(asked.toolCalls.length).toBeGreaterThan(0)
    const told = await chatApiCall({
      ...access,
      system: 'Be brief.',
      messages,
      tools: [tool],
      reasoning: 'low',
    })
    messages.push(told.message, { role: 'user', content: next })
  }
  return messages
}

describe('a conversation held with one vendor continues on another', () => {
  for (const from of able) {
    test.each(spoken)(`from ${from} to %s`, async (to) => {
      const messages = await talk(from)
      await using fake = await createFakeProvider({ script: answer })
      const tools = to === 'kobold' ? undefined : [tool]
      const reply = await chatApiCall({ ...at(fake, to), system: 'Be brief.', messages, tools })
      expect(reply.text).toContain('I remember')
      // Stored and read again, it is the same conversation.
      const stored = JSON.parse(JSON.stringify(messages)) as MessageInput[]
      const stream = await chatApiCall({
        ...at(fake, to),
        system: 'Be brief.',
        messages: stored,
        tools,
        stream: true,
      })
      expect((await stream.response).text).toBe(reply.text)
      expect(fake.log.map(({ status }) => status)).toEqual([200, 200])
    })
  }
})
