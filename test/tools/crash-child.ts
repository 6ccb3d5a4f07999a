// Runs tools with effects until its parent kills it, and goes on with the run that it finds. Run by crash.ts.
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { createOrchestrator, defineTool } from '../../src/index.ts'
import { createPostgresStore } from '../../src/persistence/postgres.ts'
import { createSqliteStore } from '../../src/persistence/sqlite.ts'

const [kind, place = '', baseUrl = '', runId = '', effects = ''] = process.argv.slice(2)
const store =
  kind === 'sqlite' ? createSqliteStore({ path: place }) : createPostgresStore({ connectionString: place })
const orchestrator = createOrchestrator({ providers: { openai: { baseUrl, apiKey: 'none' } } })
const { runs } = store

/** Notes in the file of effects when it begins, whether a result was recorded then, and when it ends. */
const work = defineTool({
  name: 'work',
  execute: async (_args: unknown, { idempotencyKey, toolCallId, step }) => {
    const records = await runs.read({ owner: '@/', runId })
    const isRecorded = records.some(
      (record) => record.type === 'tool' && record.step === step && record.toolCallId === toolCallId,
    )
    appendFileSync(effects, `${isRecorded ? 'AGAIN' : 'begin'} ${idempotencyKey}\n`)
    await pause(Math.random() * 10)
    appendFileSync(effects, `end ${idempotencyKey}\n`)
    return idempotencyKey ?? ''
  },
})

process.send?.('ready')
const { text, usage, steps } = await orchestrator.run({
  model: 'openai/gpt-4.1-mini',
  messages: [{ role: 'user', content: 'Work.' }],
  tools: [work],
  runs,
  runId,
  maxRepeats: 100,
})
process.send?.({ text, usage, steps: steps.length })
