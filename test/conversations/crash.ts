import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ChatStore } from 'llm-switchyard/conversations'
import { expect } from 'vitest'
import { bundle } from '../bundle.ts'
import { forkChild } from '../children.ts'
import { seedOf } from '../proof.ts'
import { chance } from '../chance.ts'
import { until } from '../patience.ts'
import { ada, host, keptTurns } from './chat-host.ts'

const identity = ada

/** The store that parent and child share. */
export interface StorePlace {
  readonly kind: 'sqlite' | 'postgres'
  readonly place: string
}

/**
 * Kills processes during a turn: the first two when their call has reached the provider, the others at random moments. The
 * store then has nothing, the user message, or the complete turn. Repeating the request id ends with one user message and
 * one answer.
 */
export async function killedAndContinued(store: ChatStore, where: StorePlace, kills: number): Promise<void> {
  await using it = await host({ store, script: { text: 'At last.', pacing: { firstMs: 40 } } })
  const left: Record<string, number> = {}
  const random = chance(seedOf('killed and continued'))
  for (let kill = 0; kill < kills; kill++) {
    const requestId = `${where.kind}-${kill}`
    const acknowledged = await killOne(it, where, { requestId, atCall: kill < 2, random })
    const begun = await store.conversations.findByRequest(identity.userId, requestId)
    const turns = begun === undefined ? [] : await keptTurns(store, begun.id)
    expect(['', 'user: Hi', 'user: Hi,assistant: At last.']).toContain(turns.join())
    if (kill < 2) expect(turns).toEqual(['user: Hi'])
    if (acknowledged !== undefined) expect(turns).toHaveLength(2)
    left[turns.length] = (left[turns.length] ?? 0) + 1
    const turn = await it.chats.send({ identity, message: 'Hi', requestId })
    expect(turn.content).toBe('At last.')
    if (begun !== undefined) expect(turn.conversationId).toBe(begun.id)
    if (acknowledged !== undefined) expect(turn.messageId).toBe(acknowledged)
    expect(await keptTurns(store, turn.conversationId)).toEqual(['user: Hi', 'assistant: At last.'])
    expect(await it.store.conversations.get(turn.conversationId)).toMatchObject({
      messageCount: 2,
      usage: { calls: 1 },
    })
  }
  expect(left['1']).toBeGreaterThanOrEqual(2)
}

interface Kill {
  readonly requestId: string
  readonly atCall: boolean
  readonly random: () => number
}

async function killOne(
  { provider }: Awaited<ReturnType<typeof host>>,
  { kind, place }: StorePlace,
  { requestId, atCall, random }: Kill,
): Promise<string | undefined> {
  const calls = provider.log.length
  const script = await bundle(join(import.meta.dirname, 'crash-child.ts'))
  const child = forkChild(script, [kind, place, provider.baseUrl('openai-chat'), requestId], {
    stdio: 'pipe',
  })
  let words = ''
  child.stderr?.on('data', (piece: Buffer) => void (words += piece.toString()))
  let acknowledged: string | undefined
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve()
      else if (typeof message === 'string') acknowledged = message.replace('done ', '')
    })
    child.on('exit', () => reject(new Error(`the child ended by itself: ${words}`)))
  })
  await ready
  if (atCall) await until(() => provider.log.length > calls)
  else await pause(random() * 120)
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  return acknowledged
}
