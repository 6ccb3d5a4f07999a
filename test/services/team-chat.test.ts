import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startExample, type ExampleServer } from '../examples/example-server.ts'
import { usePostgres } from './postgres-server.ts'
import { useRedis } from './redis-server.ts'

const headers = { authorization: 'Bearer key-of-ada', 'content-type': 'application/json' }

interface Stored {
  readonly messages: readonly {
    readonly role: string
    readonly partial: boolean
    readonly content: unknown
  }[]
}

const redis = useRedis()
const postgres = usePostgres()

const start = (): Promise<ExampleServer> =>
  startExample('team-chat', {
    env: { REDIS_URL: `redis://127.0.0.1:${redis().port}`, DATABASE_URL: postgres().connectionString },
  })

function ask({ url }: ExampleServer, body: object): Promise<Response> {
  return fetch(`${url}/api/chat`, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function read({ url }: ExampleServer, conversationId: string): Promise<Stored> {
  const response = await fetch(`${url}/api/conversations/${conversationId}`, { headers })
  expect(response.status).toBe(200)
  return (await response.json()) as Stored
}

async function resume({ url }: ExampleServer, conversationId: string): Promise<string> {
  const response = await fetch(`${url}/api/chat/${conversationId}/stream`, { headers })
  expect(response.status).toBe(200)
  return response.text()
}

const textOf = (sse: string): string =>
  [...sse.matchAll(/"type":"content","content":("(?:[^"\\]|\\.)*")/g)]
    .map(([, text = '""']) => JSON.parse(text) as string)
    .join('')

describe('two processes of the team chat on one Postgres and one Redis', () => {
  test('a conversation goes on in the other process; what one streams, the other resumes and stops', async () => {
    const [one, two] = await Promise.all([start(), start()])
    try {
      const first = await ask(one, { message: 'tides at Whitby' })
      const id = first.headers.get('x-conversation-id') ?? ''
      expect(textOf(await first.text())).toContain('The gauge says')
      const second = await ask(two, { message: 'thanks', conversationId: id })
      expect(await second.text()).toContain('"type":"done"')
      expect((await read(one, id)).messages.map(({ role }) => role)).toEqual([
        'user',
        'assistant',
        'tool',
        'assistant',
        'user',
        'assistant',
      ])

      const story = await ask(one, { message: 'a long story', conversationId: id })
      const [here, there] = await Promise.all([story.text(), resume(two, id)])
      expect(textOf(there)).toBe(textOf(here))
      expect(textOf(here)).toContain('Part 6.')

      const stopped = await ask(one, { message: 'another long story', conversationId: id })
      const cut = stopped.text()
      await sleep(300)
      const run = stopped.headers.get('x-stream-id') ?? ''
      const answer = await fetch(`${two.url}/api/chat/${run}/stream`, { method: 'DELETE', headers })
      expect(answer.status).toBe(200)
      expect(textOf(await cut)).not.toContain('Part 6.')
      const { messages } = await read(two, id)
      expect(messages.at(-1)).toMatchObject({ role: 'assistant', partial: true })
      expect([one.errors(), two.errors()]).toEqual(['', ''])
    } finally {
      await Promise.all([one.stop(), two.stop()])
    }
  })

  test('a process that is killed in mid-answer: the other one goes on with the conversation', async () => {
    const [one, two] = await Promise.all([start(), start()])
    try {
      const story = await ask(one, { message: 'a long story' })
      const id = story.headers.get('x-conversation-id') ?? ''
      const cut = story.text().catch(() => 'cut')
      await sleep(300)
      await one.kill()
      await cut
      const next = await ask(two, { message: 'hello', conversationId: id })
      expect(await next.text()).toContain('"type":"done"')
      const { messages } = await read(two, id)
      expect(messages.filter(({ role }) => role === 'user')).toHaveLength(2)
      expect(messages.at(-1)).toMatchObject({ role: 'assistant', partial: false })
      expect(two.errors()).toBe('')
    } finally {
      await Promise.all([one.stop(), two.stop()])
    }
  })
})
