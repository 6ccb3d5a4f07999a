// node examples/project-agent/main.ts          against the built-in fake provider
// OPENAI_API_KEY=… node examples/project-agent/main.ts gpt-4.1-mini       against OpenAI
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createOrchestrator } from 'llm-switchyard'
import { createActions, createFileTracker } from 'llm-switchyard/agents'
import { createFakeProvider } from 'llm-switchyard/testing'
import { createProjectAgent } from './agents.ts'
import { script } from './script.ts'

const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'project-'))
const git = (...args: readonly string[]): Promise<{ readonly stdout: string }> =>
  run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: folder })
await writeFile(join(folder, 'README.md'), '# Harbour\n')
await git('init', '--quiet')
await git('add', '--all')
await git('commit', '--quiet', '--message', 'First')

const [model = 'gpt-4.1-mini'] = process.argv.slice(2)
await using fake = await createFakeProvider({ script })
const isReal = process.env['OPENAI_API_KEY'] !== undefined && process.argv.length > 2
const openai = isReal ? {} : { baseUrl: fake.baseUrl('openai-chat'), apiKey: 'none' }
await using orchestrator = createOrchestrator({ providers: { openai } })
const tracker = createFileTracker()
const chat = { conversationId: 'chat-1', userId: 'ada' }
const { agent } = createProjectAgent(orchestrator, model, { folder, tracker, chat })

const caller = { userId: 'ada', permissions: ['read', 'write', 'deploy'], conversationId: 'chat-1' }
const actions = createActions({
  actions: {
    'get-diff': { permission: 'read', run: () => tracker.diff(chat) },
    'create-pr': {
      permission: 'deploy',
      run: async ({ title }: { readonly title: string }) => {
        await git('switch', '--quiet', '--create', 'agent/readme')
        await git('commit', '--quiet', '--all', '--message', title)
        tracker.clear(chat)
        return (await git('log', '--oneline', '--max-count=1', '--format=%s')).stdout.trim()
      },
    },
  },
  audit: ({ action, result }) => console.log(`audit: ${action} ${result}`),
})

const stream = await agent.stream({ message: 'Say in the read-me what this is.', ...caller })
for await (const event of stream) {
  if (event.type === 'tool-call') console.log(`main agent calls ${event.name}`)
  if (event.type === 'agent-event' && event.event.type === 'tool-call')
    console.log(`${event.agent} calls ${event.event.name}`)
}
const { text, usage, agents } = await stream.response
console.log(text)
console.log(
  `tokens: ${usage.totalTokens}, of them ${agents.map(({ agent: name, usage: used }) => `${used.totalTokens} by ${name}`).join()}`,
)
console.log(await actions.run('get-diff', {}, caller))
console.log(
  `pull request: ${String(await actions.run('create-pr', { title: 'Describe the harbour' }, caller))}`,
)
await rm(folder, { recursive: true, force: true })
