import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { GET, OPTIONS, POST } from '../../../examples/next-route/route.ts'
import { serveExample } from './served.ts'

describe('the examples, as a user would run them', () => {
  test.each(['hono', 'express', 'fastify'])('%s', async (name) => {
    await using served = await serveExample(`${name}/main.ts`)
    expect(await (await fetch(served.url)).text()).toContain('The app itself')
    const client = new OpenAI({ apiKey: 'any', baseURL: `${served.url}/llm/v1`, maxRetries: 0 })
    const messages = [{ role: 'user' as const, content: 'Hello!' }]
    const whole = await client.chat.completions.create({ model: 'fast', messages })
    expect(whole.choices[0]?.message.content).toContain('You said "Hello!"')
    const stream = client.chat.completions.stream({ model: 'fast', messages })
    expect(await stream.finalContent()).toContain('You said "Hello!"')
    const refused = client.chat.completions.create({ model: 'nowhere', messages })
    await expect(refused).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    const { data } = await client.embeddings.create({ model: 'embed', input: 'a' })
    expect(data[0]?.embedding).toHaveLength(8)
  })

  test('the gateway with keys', async () => {
    await using served = await serveExample('openai-gateway/main.ts', {
      GATEWAY_KEYS: 'ann:key-of-ann,root:key-of-root:admin',
    })
    const status = async (path: string, key: string): Promise<number> =>
      (await fetch(served.url + path, { headers: { authorization: `Bearer ${key}` } })).status
    expect(await status('/v1/models', 'wrong')).toBe(401)
    expect(await status('/v1/models', 'key-of-ann')).toBe(200)
    expect(await status('/queue/activity', 'key-of-ann')).toBe(403)
    expect(await status('/queue/activity', 'key-of-root')).toBe(200)
  })

  test('next-route is a route of the web: it lists, and refuses who has not signed in', async () => {
    const url = 'http://localhost/v1/models'
    expect((await GET(new Request(url))).status).toBe(401)
    const listed = await GET(new Request(url, { headers: { authorization: 'Bearer x' } }))
    expect(listed.status).toBe(200)
    expect((await POST(new Request(url, { method: 'POST' }))).status).toBe(405)
    expect((await OPTIONS(new Request(url, { method: 'OPTIONS' }))).status).toBe(405)
  })
})
