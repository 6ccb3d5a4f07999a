import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { start } from './child.ts'
import { KEY, MODEL } from './wire.ts'

const run = promisify(execFile)
const ROUNDS = 15
const WARM = 100
const CALLS = 1_000

const messages = `[{ role: 'user', content: 'Hello!' }]`

/** What a young process does, per subject: `call(stream)` asks once. */
const SUBJECTS: Readonly<Record<string, string>> = {
  'hand loop': `
    const { createParser } = await import('eventsource-parser')
    const call = async (stream) => {
      const response = await fetch((stream ? streamed : whole) + '/chat/completions', { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer ${KEY}' }, body: JSON.stringify({ model: '${MODEL}', messages: ${messages}, stream }) })
      if (!stream) return JSON.parse(await response.text()).choices[0].message.content
      let text = ''
      const parser = createParser({ onEvent: ({ data }) => { if (data !== '[DONE]') text += JSON.parse(data).choices[0]?.delta?.content ?? '' } })
      const decoder = new TextDecoder()
      for await (const piece of response.body) parser.feed(decoder.decode(piece, { stream: true }))
      return text
    }`,
  'llm-switchyard/core': `
    const { createOrchestrator } = await import('llm-switchyard/core')
    const { openaiCompatible } = await import('llm-switchyard/providers/openai-compatible')
    const { chatApiCall } = createOrchestrator({ providers: [openaiCompatible] })
    ${ask('openai-compatible')}`,
  'llm-switchyard': `
    const { chatApiCall } = await import('llm-switchyard')
    ${ask('openai-compatible')}`,
  'llm-switchyard, everything on': `
    const { createOrchestrator } = await import('llm-switchyard')
    const { chatApiCall } = createOrchestrator({
      limits: { global: { requestsPerMinute: 1e9 }, user: { requestsPerMinute: 1e9, tokensPerMinute: 1e12 } },
      queue: { concurrency: 100, maxPending: 1_000 }, breaker: {}, retry: { attempts: 3 }, onEvent: () => {},
    })
    ${ask('openai-compatible')}`,
}

function ask(provider: string): string {
  return `const call = async (stream) => {
      const reply = await chatApiCall({ provider: '${provider}', model: '${MODEL}', baseUrl: stream ? streamed : whole, apiKey: '${KEY}', userId: 'ann', messages: ${messages}, stream })
      return stream ? (await reply.response).text : reply.text
    }`
}

/**
 * CPU of fresh processes, in milliseconds: import, one whole and one streamed call; and per call over calls 100 to 1 000,
 * in microseconds. Subjects take turns; medians and ratios to the hand loop are printed.
 */
export async function printColdCosts(): Promise<void> {
  using server = start('server.ts')
  const base = `http://127.0.0.1:${await server.ask<number>()}`
  const first: Record<string, number[]> = {}
  const young: Record<string, number[]> = {}
  for (let round = 0; round < ROUNDS; round++)
    for (const [title, code] of Object.entries(SUBJECTS)) {
      const sample = await measure(code, base)
      ;(first[title] ??= []).push(sample.firstMs)
      ;(young[title] ??= []).push(sample.perCallUs)
    }
  print('CPU of import, one whole and one streamed call, ms', first)
  print(`CPU per call over calls ${WARM} to ${CALLS}, µs`, young)
}

async function measure(code: string, base: string): Promise<{ firstMs: number; perCallUs: number }> {
  const script = `
    const used = () => { const { user, system } = process.cpuUsage(); return user + system }
    const [whole, streamed] = ['${base}/whole/v1', '${base}/short/v1']
    const startedAt = used()
    ${code}
    await call(false)
    await call(true)
    const first = used() - startedAt
    for (let at = 0; at < ${WARM}; at++) await call(false)
    const warm = used()
    for (let at = ${WARM}; at < ${CALLS}; at++) await call(false)
    console.log(JSON.stringify({ firstMs: first / 1e3, perCallUs: (used() - warm) / ${CALLS - WARM} }))
    process.exit(0)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 60_000,
  })
  return JSON.parse(stdout) as { firstMs: number; perCallUs: number }
}

function print(title: string, samples: Readonly<Record<string, readonly number[]>>): void {
  const hand = samples['hand loop'] ?? []
  console.log(`\n${title}`)
  for (const [name, values] of Object.entries(samples)) {
    const ratios = values.map((value, at) => value / (hand[at] ?? NaN))
    const least = Math.min(...values) / Math.min(...hand)
    console.log(
      `${name.padEnd(32)} ${median(values).toFixed(0).padStart(6)}   ${median(ratios).toFixed(2)}x   minima ${least.toFixed(2)}x`,
    )
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
