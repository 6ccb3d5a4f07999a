import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/moderation/redaction/index.ts'
import { cpuStopwatch, proving, sized } from '../proof.ts'
import { turnsOf, watchEngine, type EngineWork } from './engine-work.ts'
import { finish, scansOf } from './redact-streams.ts'
import { LlmError } from 'llm-switchyard'
import { compilePattern, createRuleModerator } from 'llm-switchyard/moderation'

/** Characters: enough for every budget to be used up many times. */
const MANY = sized(70_000, 200_000)
const random = (letters: string): string =>
  Array.from({ length: MANY }, (_none, at) => letters[((at * 7_919) >> 3) % letters.length]).join('')

/** Patterns on which backtracking engines hang, each with the text that does it. */
const CATASTROPHES: readonly (readonly [string, string])[] = [
  ['(a+)+$', `${'a'.repeat(MANY)}!`],
  ['^(a+)+$', `${'a'.repeat(MANY)}!`],
  ['(a|aa)+$', `${'a'.repeat(MANY)}!`],
  ['(a|a)*b', 'a'.repeat(MANY)],
  ['(.*a){20}b', 'a'.repeat(MANY)],
  ['([a-zA-Z]+)*$', `${'a'.repeat(MANY)}1`],
  ['(x+x+)+y', 'x'.repeat(MANY)],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(MANY)],
  ['(.*)(.*)(.*)=', 'a'.repeat(MANY)],
  ['a{1,30}a{1,30}b', 'a'.repeat(MANY)],
  ['a.*b|a', 'a'.repeat(MANY)],
  ['(\\w+\\s?)*;', 'word '.repeat(MANY / 5)],
  ['\\s+$', ' '.repeat(MANY).concat('x')],
  ['[ab]*a[ab]{12}c', random('ab')],
  ['[ab]*a[ab]{300}c', random('ab')],
  ['^([a-z0-9]([-a-z0-9]*[a-z0-9])?\\.)+[a-z]{2,}$', `${'a-'.repeat(MANY / 2)}!`],
  ['(\\p{L}+\\d?)+_', 'é中'.repeat(MANY / 2)],
]

// Budgets of the engine, and what one step may add on top: a character that leads to every step of a program.
const STEPS_A_TURN = 60_000
const STEPS_AT_ONCE = 1_000_000
const STEPS_A_RUN = 40_000
const ONE_STEP = 2_000
// A scan looks at its budget every 512 characters; no pattern here has more than 310 steps.
const SLICE_STEPS = 512 * 310

describe('an untrusted pattern', () => {
  for (const [pattern, text] of CATASTROPHES)
    it(`is bounded: ${pattern}`, async () => {
      const engine = watchEngine()
      const took = cpuStopwatch()
      const { longest, turns } = await turnsOf(engine.automata, () =>
        compilePattern({ pattern }).testLong(text),
      )
      if (proving) took.atMost(50 * turns)
      const total = engine.automata()
      expect(longest).toBeLessThan(STEPS_A_TURN + ONE_STEP)
      // Each character is one more step.
      expect(turns).toBeGreaterThanOrEqual(Math.floor((total + text.length) / (STEPS_A_TURN + ONE_STEP)))
      // Linear: half of the text is half of the work, whatever the pattern.
      await compilePattern({ pattern }).testLong(text.slice(0, text.length / 2))
      expect(total).toBeLessThan(4 * (engine.automata() - total) + ONE_STEP)

      const before = engine.automata()
      const atOnce = cpuStopwatch()
      try {
        compilePattern({ pattern }).test(text)
      } catch (error) {
        expect(LlmError.is(error, 'invalid-request')).toBe(true)
      }
      atOnce.atMost(50)
      expect(engine.automata() - before).toBeLessThan(STEPS_AT_ONCE + ONE_STEP)
    })

  it('is bounded as a rule, one and all', () => {
    const engine = watchEngine()
    for (const [pattern, text] of CATASTROPHES) {
      // Refused, because it matches the empty text.
      if (pattern === '([a-zA-Z]+)*$') continue
      const moderator = createRuleModerator({ rules: [{ pattern, action: 'redact' }] })
      const scan = moderator.scan?.(() => ({ replacement: '*' }), { source: 'input' })
      scan?.push(text)
      scan?.end()
      expectBoundedRuns(pattern, engine, () => scan?.run([], STEPS_A_RUN) !== false)
    }
  })

  it('is bounded in a stream and in tool arguments: no step of the work is long', () => {
    const engine = watchEngine()
    for (const [pattern, text] of CATASTROPHES) {
      // Refused as a rule, because it matches the empty text.
      if (pattern === '([a-zA-Z]+)*$') continue
      const open = scansOf(createRuleModerator({ rules: [{ pattern }] }))
      const call = { type: 'tool-call-delta', id: 'c', delta: JSON.stringify({ text }) } as const
      for (const event of [{ type: 'text-delta', text } as const, call]) {
        const redactor = createRedactor(open)
        redactor.push([event, finish])
        expectBoundedRuns(`${pattern} ${event.type}`, engine, () => {
          redactor.work()
          return !redactor.pending
        })
      }
    }
  })

  it('is refused if its time has no bound', () => {
    for (const pattern of [
      '(a)\\1',
      '(?=ab)',
      '(?<!ab)c',
      '(?<n>a)\\k<n>',
      'a'.repeat(2_001),
      '(?>a)',
      'a++',
      '*a',
      '[a',
      'a)',
      '(',
      '\\',
    ])
      expect(() => compilePattern({ pattern })).toThrow(/refused/)
  })
})

/** Runs bounded pieces of work to their end: each keeps to its budget, and takes no long time in a proof. */
function expectBoundedRuns(what: string, engine: EngineWork, run: () => boolean): void {
  engine.nextScan()
  for (let over = false; !over;) {
    const before = engine.automata()
    const took = cpuStopwatch()
    over = run()
    took.atMost(50)
    const steps = engine.automata() + engine.threads() - before
    expect([what, steps < STEPS_A_RUN + SLICE_STEPS ? 'bounded' : steps]).toEqual([what, 'bounded'])
  }
}
