import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/moderation/redaction/index.ts'
import { finish, scansOf } from './redact-streams.ts'
import { LlmError } from 'llm-switchyard'
import { compilePattern, createRuleModerator } from 'llm-switchyard/moderation'

const MANY = 200_000
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

// Of this thread: what others do on the machine is not the pattern's fault.
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

/** Returns the longest time for which the event loop was blocked while `work` ran. */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = cpuMs()
  let over = false
  const tick = (): void => {
    const now = cpuMs()
    longest = Math.max(longest, now - last)
    last = now
    if (!over) setImmediate(tick)
  }
  setImmediate(tick)
  await work()
  over = true
  await new Promise((resolve) => setImmediate(resolve))
  return longest
}

describe('an untrusted pattern', () => {
  for (const [pattern, text] of CATASTROPHES)
    it(`is bounded: ${pattern}`, async () => {
      const longest = await longestBlock(() => compilePattern({ pattern }).testLong(text))
      expect(longest).toBeLessThan(50)
      const startedAt = cpuMs()
      try {
        compilePattern({ pattern }).test(text)
      } catch (error) {
        expect(LlmError.is(error, 'invalid-request')).toBe(true)
      }
      expect(cpuMs() - startedAt).toBeLessThan(50)
    })

  it('is bounded as a rule, one and all', async () => {
    for (const [pattern, text] of CATASTROPHES) {
      // Refused, because it matches the empty text.
      if (pattern === '([a-zA-Z]+)*$') continue
      const moderator = createRuleModerator({ rules: [{ pattern, action: 'redact' }] })
      const longest = await longestBlock(async () => {
        const scan = moderator.scan?.(() => ({ replacement: '*' }), { source: 'input' })
        scan?.push(text)
        scan?.end()
        while (scan?.run([], 40_000) === false) await new Promise((resolve) => setImmediate(resolve))
      })
      expect([pattern, longest < 50]).toEqual([pattern, true])
    }
  }, 60_000)

  it('is bounded in a stream and in tool arguments: no step of the work is long', () => {
    for (const [pattern, text] of CATASTROPHES) {
      // Refused as a rule, because it matches the empty text.
      if (pattern === '([a-zA-Z]+)*$') continue
      const open = scansOf(createRuleModerator({ rules: [{ pattern }] }))
      const call = { type: 'tool-call-delta', id: 'c', delta: JSON.stringify({ text }) } as const
      for (const event of [{ type: 'text-delta', text } as const, call]) {
        const redactor = createRedactor(open)
        redactor.push([event, finish])
        let longest = 0
        do {
          const startedAt = cpuMs()
          redactor.work()
          longest = Math.max(longest, cpuMs() - startedAt)
        } while (redactor.pending)
        expect([pattern, event.type, longest < 50]).toEqual([pattern, event.type, true])
      }
    }
  }, 60_000)

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
