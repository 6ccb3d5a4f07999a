import { expect } from 'vitest'
import { chance } from '../../chance.ts'
import { seedOf, sized } from '../../proof.ts'
import type { ChatStore, Page, StoredMessage } from '../../../src/conversations/index.ts'
import type { Workers } from './run.ts'
import type { StoreAddress } from './worker.ts'

export const LANES = 4
const KILLS_PER_LANE = sized(4, 25)
// So many kills wait for the first turn; the one after them comes while the store opens, or makes the schema.
const HEARD = sized(3, 7)

/** How many writers are killed. */
export const KILLS: number = LANES * KILLS_PER_LANE

/**
 * Kills writers of `address` many times, each at a random moment, in lanes that write at the same time. Then every
 * turn that was acknowledged must be there, no turn by half, and all figures must agree.
 */
export async function crashOften(workers: Workers, address: StoreAddress, store: ChatStore): Promise<void> {
  const lanes = Array.from({ length: LANES }, (_, lane) => ({
    conversationId: `c-${lane}`,
    userId: `u-${lane}`,
  }))
  const acknowledged = await Promise.all(lanes.map((lane) => crashLane(workers, address, lane)))
  for (const [at, lane] of lanes.entries()) {
    const written = await judge(store, lane)
    const told = acknowledged[at] ?? 0
    // Every writer that was waited for has written at least one turn.
    const least = KILLS_PER_LANE - Math.floor(KILLS_PER_LANE / (HEARD + 1))
    expect(told, 'a lane that never got anything done proves nothing').toBeGreaterThanOrEqual(least)
    expect(written).toBeGreaterThanOrEqual(told)
    // At most what was under way at each kill is there without having been acknowledged.
    expect(written).toBeLessThanOrEqual(told + KILLS_PER_LANE + 1)
  }
}

interface Lane {
  readonly conversationId: string
  readonly userId: string
}

/** The last turn that was acknowledged. */
async function crashLane(workers: Workers, address: StoreAddress, lane: Lane): Promise<number> {
  let last = 0
  const random = chance(seedOf(`kills in ${lane.conversationId}`))
  for (let kill = 0; kill < KILLS_PER_LANE; kill++) {
    const worker = workers.start(address, { type: 'turns', ...lane })
    const early = kill % (HEARD + 1) === HEARD
    if (!early) await worker.heard()
    await pause(random() * (early ? 80 : 25))
    worker.kill()
    await worker.ended()
    const turns = worker.lines.map(Number)
    for (const [at, turn] of turns.entries()) if (at > 0) expect(turn).toBe((turns[at - 1] ?? 0) + 1)
    // The next run goes on behind what was acknowledged, and repeats nothing of it.
    if (turns.length > 0) expect(turns[0]).toBeGreaterThan(last)
    last = turns.at(-1) ?? last
  }
  return last
}

async function judge(store: ChatStore, { conversationId, userId }: Lane): Promise<number> {
  const messages = await all(store, conversationId)
  const turns = messages.length / 2
  expect(messages.map(({ sequence }) => sequence)).toEqual(messages.map((_, at) => at + 1))
  expect(messages.map(({ content }) => content)).toEqual(
    Array.from({ length: turns }, (_, at) => [`ask ${at + 1}`, `answer ${at + 1}`]).flat(),
  )
  const conversation = await store.conversations.get(conversationId)
  expect(conversation).toMatchObject({ messageCount: 2 * turns, lastSequence: 2 * turns })
  expect(conversation?.usage).toMatchObject({ calls: turns, totalTokens: 3 * turns })
  expect(conversation?.usage.costUsd).toBe(turns / 10)
  expect(await store.usage.get(userId)).toMatchObject({ calls: turns, totalTokens: 3 * turns })
  const { total } = await store.messages.search({ conversationId, text: 'answer', withTotal: true })
  expect(total, 'the search index agrees').toBe(turns)
  return turns
}

async function all(store: ChatStore, conversationId: string): Promise<readonly StoredMessage[]> {
  const found: StoredMessage[] = []
  let cursor: string | undefined
  do {
    const page: Page<StoredMessage> = await store.messages.list(conversationId, { limit: 200, cursor })
    found.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return found
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
