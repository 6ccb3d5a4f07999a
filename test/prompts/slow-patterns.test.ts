import { describe, expect, test } from 'vitest'
import type { Clock } from 'llm-switchyard'
import {
  createChatDictionary,
  createDictionaryLibrary,
  createMemoryDictionaryStore,
  parseExampleDialogue,
} from 'llm-switchyard/prompts'
import { createFakeClock } from 'llm-switchyard/testing'
import { turnsOf, watchEngine } from '../moderation/engine-work.ts'
import { cpuMs, cpuStopwatch, proving, sized } from '../proof.ts'

const LENGTH = sized(50_000, 200_000)
const hostile: readonly (readonly [string, string])[] = [
  ['(a+)+$', 'a'.repeat(LENGTH - 1) + 'b'],
  ['(a|aa)+$', 'a'.repeat(LENGTH - 1) + 'b'],
  ['(a|a?)+b', 'a'.repeat(LENGTH)],
  ['a*a*a*a*a*a*b', 'a'.repeat(LENGTH)],
  ['(.*)*x', 'y'.repeat(LENGTH)],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(LENGTH)],
  ['(x+x+)+y', 'x'.repeat(LENGTH)],
  ['\\s+$', ' '.repeat(LENGTH - 1) + 'x'],
  ['(?:a{0,9}){0,9}b', 'a'.repeat(LENGTH)],
  ['[^]*[^]*[^]*q', 'p'.repeat(LENGTH)],
]

// What the pattern engine does in one turn of the event loop: its budget, and a slice of the text on top.
const STEPS_A_TURN = 60_000 + 512 * 310
// After so many characters, or matches, a literal text lets others run.
const CHARACTERS_A_TURN = 16_384
const MATCHES_A_TURN = 4_096

/** A clock on which every look takes longer than a dictionary may hold the thread: it yields wherever it can. */
function hurriedClock(): Clock {
  const clock = createFakeClock()
  const now = (): number => {
    clock.advance(10)
    return clock.now()
  }
  return { ...clock, now, epochMs: clock.epochMs, setTimer: clock.setTimer, clearTimer: clock.clearTimer }
}

/** How many turns of the event loop `work` takes; none of them is long. */
async function turnsTaken(work: () => Promise<unknown>): Promise<number> {
  const { automata } = watchEngine()
  const { longest, turns } = await turnsOf(automata, work)
  expect(longest).toBeLessThan(STEPS_A_TURN)
  if (proving) expect(await longestBlock(work)).toBeLessThan(50)
  return turns
}

/** The longest time for which nothing else had a turn while `work` ran. */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = cpuMs()
  const look = (): void => {
    const now = cpuMs()
    longest = Math.max(longest, now - last)
    last = now
  }
  const ticker = setInterval(look, 1)
  try {
    await work()
    look()
  } finally {
    clearInterval(ticker)
  }
  return longest
}

describe('long texts and hostile patterns never block others', () => {
  // A proof measures, so it takes the real clock.
  const clock = proving ? undefined : hurriedClock()

  test.each(hostile)('in a chat dictionary: %s', async (pattern, text) => {
    const entries = [{ key: `/${pattern}/`, content: 'X' }]
    const dictionary = createChatDictionary({ entries, maxReplacements: 2, clock })
    await turnsTaken(() => dictionary.apply(text))
  })

  test.each(hostile)('in a stored dictionary: %s', async (pattern, text) => {
    const library = createDictionaryLibrary({ store: createMemoryDictionaryStore(), clock })
    await library.create({ name: 'D', entries: [{ type: 'regex', pattern, replacement: 'X' }] })
    await turnsTaken(() => library.process(text, { maxTokens: 10_000_000 }))
  })

  test('hundreds of long literals that almost match', async () => {
    const entries = Array.from({ length: sized(50, 200) }, (_, at) => ({
      key: `${'a'.repeat(1_000 + at)}b`,
      content: 'X',
    }))
    const dictionary = createChatDictionary({ entries, clock })
    const turns = await turnsTaken(() => dictionary.apply('a'.repeat(LENGTH)))
    if (!proving) expect(turns).toBeGreaterThan(entries.length * Math.floor(LENGTH / CHARACTERS_A_TURN))
  })

  test('a key at every place', async () => {
    const dictionary = createChatDictionary({
      entries: [
        { key: 'a', content: 'b' },
        { key: '/[bc]? /', content: '-' },
      ],
      clock,
    })
    const text = 'a '.repeat(LENGTH / 2)
    const turns = await turnsTaken(() => dictionary.apply(text))
    if (!proving) expect(turns).toBeGreaterThan(Math.floor(LENGTH / MATCHES_A_TURN))
    expect((await dictionary.apply(text)).count).toBe(LENGTH)
  })

  test('thousands of patterns at once', async () => {
    const patterns = Array.from(
      { length: sized(1_000, 5_000) },
      (_, at) => `(?:[a-z]|[0-9]){1,${(at % 9) + 1}}${at}`,
    )
    const library = createDictionaryLibrary({ store: createMemoryDictionaryStore(), clock })
    const entries = patterns.map((pattern) => ({ type: 'regex' as const, pattern, replacement: 'X' }))
    const work = async () => {
      const { id } = await library.create({ name: 'D', entries })
      await library.process('a text with few of them')
      await library.delete(id)
    }
    const turns = await turnsTaken(work)
    // One for each that is read, and one for each that is looked for.
    if (!proving) expect(turns).toBeGreaterThan(2 * entries.length)
  })

  test('example dialogue', async () => {
    for (const text of [
      ' '.repeat(LENGTH),
      '<START>\n'.repeat(LENGTH / 8),
      `${' '.repeat(99)}\n`.repeat(2_000),
      '{{user}}:\n'.repeat(LENGTH / 10),
    ]) {
      const took = cpuStopwatch()
      expect(parseExampleDialogue(text)).toBeDefined()
      took.atMost(50)
    }
  })
})
