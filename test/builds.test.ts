import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fakeFetch } from 'llm-switchyard/testing'
import { expect, test } from 'vitest'
import { root } from '../scripts/entries.ts'

const built = (name: string) => import(join(root, `dist/${name}.js`))

test('/core and the features of the other build share errors and keys', async ({ skip }) => {
  if (!existsSync(join(root, 'dist/core/index.js'))) skip('there is no build: npm run build makes dist/')
  const [core, main] = [await built('core/index'), await built('index')]
  expect(core.LlmError).toBe(main.LlmError)
  const { openaiCompatible } = await built('providers/openai-compatible')
  const { attempts } = await built('resilience/index')
  const { rateLimits } = await built('limits/index')
  const { queue } = await built('queue/index')
  const orchestrator = core.createOrchestrator({
    providers: [openaiCompatible],
    fetch: fakeFetch([{ error: 'server-failed' }, 'Hello!']),
    use: [
      rateLimits({ burst: 1, user: { requestsPerMinute: 1 } }),
      queue({ concurrency: 1 }),
      attempts({ retry: { backoffMs: 0 }, breaker: { failures: 9 } }),
    ],
  })
  const request = {
    provider: 'openai-compatible',
    model: 'm',
    baseUrl: 'http://127.0.0.1/v1',
    apiKey: new main.Secret('k'),
    userId: 'ann',
    messages: [{ role: 'user', content: 'Hi' }],
  }
  const reply = await orchestrator.chatApiCall(request)
  expect([reply.text, reply.attempts.length]).toEqual(['Hello!', 2])
  const refused = await orchestrator.chatApiCall(request).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(core.LlmError)
  expect(refused).toMatchObject({ kind: 'limit-exceeded', scope: 'user' })
  expect(orchestrator.stats()).toMatchObject({ active: 0, queue: { running: 0 } })
  await orchestrator.close()
})
