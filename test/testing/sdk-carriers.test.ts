import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { fakeFetch, mswHandlers } from 'llm-switchyard/testing'
import { setupServer } from 'msw/node'
import OpenAI from 'openai'
import { expect, test } from 'vitest'

const messages = [{ role: 'user' as const, content: 'Hi' }]

test('the official clients at their real hosts, answered by msw', async () => {
  const fake = fakeFetch(({ dialect }) => `Hello over ${dialect}`)
  const server = setupServer(...(await mswHandlers(fake)))
  server.listen({ onUnhandledFrame: 'error' })
  try {
    const openai = new OpenAI({ apiKey: 'k', maxRetries: 0 })
    const anthropic = new Anthropic({ apiKey: 'k', maxRetries: 0 })
    const google = new GoogleGenAI({ apiKey: 'k' })
    const completion = await openai.chat.completions.stream({ model: 'gpt-4.1', messages }).finalContent()
    const message = await anthropic.messages
      .stream({ model: 'claude-haiku-4-5', max_tokens: 50, messages })
      .finalText()
    const content = await google.models.generateContent({ model: 'gemini-2.5-flash', contents: 'Hi' })
    expect([completion, message, content.text]).toEqual([
      'Hello over openai-chat',
      'Hello over anthropic-messages',
      'Hello over gemini',
    ])
    expect(fake.log.map(({ request }) => request?.prompt)).toEqual(['Hi', 'Hi', 'Hi'])
  } finally {
    server.close()
  }
})

test('the official clients with an injected fetch', async () => {
  const fetch = fakeFetch({ text: 'Hello', pacing: { betweenMs: 1 } })
  const openai = new OpenAI({ apiKey: 'k', fetch })
  const anthropic = new Anthropic({ apiKey: 'k', fetch })
  expect(await openai.chat.completions.stream({ model: 'm', messages }).finalContent()).toBe('Hello')
  expect(await anthropic.messages.stream({ model: 'm', max_tokens: 50, messages }).finalText()).toBe('Hello')
})
