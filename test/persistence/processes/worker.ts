import { writeSync } from 'node:fs'
import type { ChatStore } from '../../../src/conversations/index.ts'
import { LlmError } from '../../../src/core/error.ts'
import { createPostgresStore } from '../../../src/persistence/postgres.ts'
import { createSqliteStore } from '../../../src/persistence/sqlite.ts'

/** Where a worker's store is. */
export type StoreAddress = { readonly path: string } | { readonly connectionString: string }

/** What a worker does. */
export type Job =
  | { readonly type: 'migrate' }
  /** Writes turns until it is killed, and says the number of each when it is acknowledged. */
  | { readonly type: 'turns'; readonly conversationId: string; readonly userId: string }
  /** Does this many of each at once, into one conversation. */
  | {
      readonly type: 'storm'
      readonly conversationId: string
      readonly messageId: string
      readonly name: string
      readonly times: number
    }

const [address, job] = process.argv.slice(2).map((text) => JSON.parse(text) as unknown) as [StoreAddress, Job]
const store =
  'path' in address
    ? createSqliteStore({ path: address.path, busyTimeoutMs: 30_000 })
    : createPostgresStore({ connectionString: address.connectionString, maxConnections: 4 })

// Written before the call returns: what was said is heard, even if the next thing is the end.
const say = (line: string | number): unknown => writeSync(1, `${line}\n`)
const usage = { inputTokens: 2, outputTokens: 1, totalTokens: 3 }

if (job.type === 'migrate') say(JSON.stringify(await store.migrate()))
if (job.type === 'turns') await writeTurns(job.conversationId, job.userId)
if (job.type === 'storm') await storm(job)
await store.close()

async function writeTurns(conversationId: string, userId: string): Promise<void> {
  if ((await store.conversations.get(conversationId)) === undefined)
    await store.conversations.create({ id: conversationId, userId }).catch(passTaken)
  const [last] = await store.messages.history(conversationId, { limit: 1 })
  for (let turn = Number(last?.metadata['turn'] ?? 0) + 1; ; turn++) {
    await store.transaction((unit) => writeTurn(unit, { conversationId, userId, turn })).catch(passTaken)
    say(turn)
  }
}

async function writeTurn(
  unit: Pick<ChatStore, 'messages' | 'usage'>,
  { conversationId, userId, turn }: { conversationId: string; userId: string; turn: number },
): Promise<void> {
  const more = { requestId: `turn-${turn}`, metadata: { turn } }
  await unit.messages.append(conversationId, [{ role: 'user', content: `ask ${turn}`, ...more }])
  const answer = {
    role: 'assistant',
    content: `answer ${turn}`,
    requestStep: 1,
    usage,
    costUsd: 0.1,
  } as const
  await unit.messages.append(conversationId, [{ ...answer, ...more }])
  await unit.usage.add(userId, { usage, costUsd: 0.1 })
}

// A server may yet finish what a client sent that is dead: the turn is there then, and is not written again.
function passTaken(error: unknown): void {
  if (!LlmError.is(error, 'conflict')) throw error
}

async function storm({ conversationId, messageId, name, times }: Job & { type: 'storm' }): Promise<void> {
  const added: boolean[] = []
  const one = async (at: number): Promise<void> => {
    await store.messages.append(conversationId, [
      { role: 'user', content: `${name} asks ${at}` },
      { role: 'assistant', content: `${name} is told ${at}`, usage, costUsd: 0.1 },
    ])
    await store.usage.add('everybody', { usage, costUsd: 0.1 })
    added.push(await store.reactions.add(conversationId, { messageId, userId: 'bob', emoji: '👍' }))
    await store.conversations.setMember(conversationId, { userId: `${name}-${at}`, role: 'member' })
  }
  await Promise.all(Array.from({ length: times }, (_, at) => one(at)))
  say(added.filter(Boolean).length)
}
