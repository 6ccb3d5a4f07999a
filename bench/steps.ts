// CPU of one step of a tool loop with 20 tools, beside other loops, in one process and in turns: npm run bench -- steps
// OpenAI's Agents SDK joins where it is installed: npm install --prefix bench/peers
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { isStepCount, tool as aiTool, ToolLoopAgent, type ToolSet } from 'ai'
import { createOrchestrator, defineTool } from 'llm-switchyard'
import { z } from 'zod'

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const STEPS = 8
const TOOLS = 20
const WARM_RUNS = 300
const RUNS = 40
const ROUNDS = 15

type Run = () => Promise<string>

const parameters = z.object({
  query: z.string().describe('What to look for'),
  limit: z.number().int().min(1).max(50).optional(),
  kinds: z.array(z.enum(['file', 'folder', 'link'])).optional(),
})
const names = Array.from({ length: TOOLS }, (_none, at) => `search_${at}`)
const execute = ({ query }: { readonly query: string }): { readonly found: readonly string[] } => ({
  found: [query, `${query}.md`],
})

/** Answers like a model that calls one tool in each of the first steps. */
function fakeFetch(): typeof fetch {
  return async (_url, init) => {
    const { messages } = JSON.parse(init?.body as string) as {
      messages: readonly { readonly role: string }[]
    }
    const step = messages.filter(({ role }) => role === 'tool').length
    const calls = [
      {
        id: `call_${step}`,
        type: 'function',
        function: { name: `search_${step}`, arguments: `{"query":"part ${step}","limit":5}` },
      },
    ]
    const message =
      step < STEPS - 1
        ? { role: 'assistant', content: null, tool_calls: calls }
        : { role: 'assistant', content: 'Found it.' }
    const body = {
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message, finish_reason: step < STEPS - 1 ? 'tool_calls' : 'stop' }],
      usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
    }
    return Response.json(body)
  }
}

function ours(): Run {
  const tools = names.map((name) =>
    defineTool({ name, description: `Searches ${name}.`, parameters, execute }),
  )
  const { run } = createOrchestrator({ fetch: fakeFetch() })
  const target = { model: 'openai-compatible/m', baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'k' }
  const messages = [{ role: 'user' as const, content: 'Find it.' }]
  return async () => (await run({ ...target, messages, tools })).text
}

function aiSdk(): Run {
  const provider = createOpenAICompatible({
    name: 'fake',
    baseURL: 'http://127.0.0.1:9/v1',
    apiKey: 'k',
    fetch: fakeFetch(),
  })
  const one = (name: string): ToolSet[string] =>
    aiTool({
      description: `Searches ${name}.`,
      inputSchema: parameters,
      execute: async (args) => execute(args),
    })
  const tools: ToolSet = Object.fromEntries(names.map((name) => [name, one(name)]))
  const agent = new ToolLoopAgent({ model: provider.chatModel('m'), tools, stopWhen: isStepCount(STEPS + 1) })
  return async () => (await agent.generate({ prompt: 'Find it.' })).text
}

/** What is used of OpenAI's Agents SDK. */
interface AgentsSdk {
  readonly Agent: new (options: object) => object
  readonly OpenAIChatCompletionsModel: new (client: object, model: string) => object
  readonly run: (agent: object, input: string, options: object) => Promise<{ readonly finalOutput: string }>
  readonly tool: (options: object) => object
  readonly setTracingDisabled: (isDisabled: boolean) => void
}

async function openaiAgents(): Promise<Run | undefined> {
  const place = here('peers/node_modules/@openai/agents/dist/index.mjs')
  if (!existsSync(place)) return undefined
  const sdk = (await import(place)) as AgentsSdk
  const { OpenAI } = await import('openai')
  sdk.setTracingDisabled(true)
  const client = new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:9/v1', fetch: fakeFetch() })
  const tools = names.map((name) =>
    sdk.tool({
      name,
      description: `Searches ${name}.`,
      parameters: { ...z.toJSONSchema(parameters), additionalProperties: false },
      strict: false,
      execute: async (args: never) => JSON.stringify(execute(args)),
    }),
  )
  const model = new sdk.OpenAIChatCompletionsModel(client, 'm')
  const agent = new sdk.Agent({ name: 'finder', instructions: '', model, tools })
  return async () => (await sdk.run(agent, 'Find it.', { maxTurns: STEPS + 1 })).finalOutput
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

async function measure(run: Run, runs: number): Promise<number> {
  const before = cpuMs()
  for (let at = 0; at < runs; at++)
    if ((await run()) !== 'Found it.') throw new Error('a loop did not come to its answer')
  return ((cpuMs() - before) * 1_000) / (runs * STEPS)
}

/** Prints the median CPU of one step in microseconds, and its ratio to ours. */
export async function printStepCosts(): Promise<void> {
  const agents = await openaiAgents()
  const loops: readonly (readonly [string, Run])[] = [
    ['llm-switchyard, orchestrator.run', ours()],
    ['ai, ToolLoopAgent', aiSdk()],
    ...(agents === undefined ? [] : [['@openai/agents, run', agents] as const]),
  ]
  for (const [, run] of loops) await measure(run, WARM_RUNS)
  const samples = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++)
    for (const [title, run] of loops)
      samples.set(title, [...(samples.get(title) ?? []), await measure(run, RUNS)])
  const medians = [...samples].map(
    ([title, list]) => [title, list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0] as const,
  )
  const own = medians[0]?.[1] ?? 1
  console.log(`CPU of one step of a loop with ${TOOLS} tools, median of ${ROUNDS} turns`)
  for (const [title, median] of medians)
    console.log(`${title.padEnd(36)} ${median.toFixed(0).padStart(6)} µs  ${(median / own).toFixed(2)}x`)
  if (agents === undefined) console.log('@openai/agents: not installed (npm install --prefix bench/peers)')
}
