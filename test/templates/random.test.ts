import { createRequire } from 'node:module'
import fc from 'fast-check'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { escapes } from './attacks/escapes.ts'
import { injections } from './attacks/injections.ts'
import { leaks } from './attacks/leaks.ts'
import { data, grammar } from './grammar.ts'
import { hostileTemplates } from './hostile-grammar.ts'
import { renderStock } from './stock.ts'
import { seedOf, sized } from '../proof.ts'
import { renderWatched, setTraps } from './watch.ts'

/** Small enough that a flood ends soon, large enough for everything else. */
const limits = {
  maxSteps: 20_000,
  deadlineMs: 100,
  maxStringChars: 50_000,
  maxOutputChars: 50_000,
  maxTextChars: 200_000,
}
const MOST_MS = 1_000
const numRuns = sized(250, 2_500)
const seed = seedOf('random templates')

const PUNCTUATION: readonly string[] = [
  ...'{{ }} {% %} {# #} - " \' \\ ( ) [ ] { | . ~ , || &&'.split(' '),
  ' ',
  '\n',
  '\u2028',
  '\ud800',
]

/** The functions that read files, watched. */
const fs = createRequire(import.meta.url)('node:fs') as Record<string, () => unknown>
const spies = [
  'readFileSync',
  'openSync',
  'existsSync',
  'statSync',
  'realpathSync',
  'readFile',
  'open',
  'stat',
].map((name) => vi.spyOn(fs, name))
afterAll(() => spies.forEach((spy) => spy.mockRestore()))

/** Holds for every template: no code, no prototype, no file, no more time than allowed. */
function holds(template: string): void {
  const { data: trapped, sprung } = setTraps()
  for (const spy of spies) spy.mockClear()
  const { took } = renderWatched(template, trapped, { limits })
  took.atMost(MOST_MS)
  expect(sprung()).toEqual([])
  expect(spies.reduce((total, spy) => total + spy.mock.calls.length, 0)).toBe(0)
}

describe('no template reaches code, a prototype key or a file, or outlives its budget', () => {
  test.each([true, false])('templates over a hostile grammar, refused words: %s', (refused) => {
    fc.assert(fc.property(hostileTemplates(refused), holds), { numRuns, seed })
  })

  test('mutated attacks', () => {
    const piece = fc.constantFrom(...[...escapes, ...injections, ...leaks].map(({ template }) => template))
    const edit = fc.tuple(
      fc.nat(200),
      fc.nat(20),
      fc.constantFrom(...PUNCTUATION, '__proto__', 'constructor'),
    )
    const mutated = fc
      .tuple(piece, piece, fc.array(edit, { maxLength: 4 }))
      .map(([first, second, edits]) =>
        edits.reduce(
          (source, [at, length, by]) => source.slice(0, at) + by + source.slice(at + length),
          `${first}${second}`,
        ),
      )
    fc.assert(fc.property(mutated, holds), { numRuns, seed })
  })

  test('texts that are hardly templates', () => {
    const words = fc.constantFrom(
      ...PUNCTUATION,
      'r/',
      'if',
      'for',
      'in',
      'set',
      'macro',
      'raw',
      'endraw',
      'else',
      'endif',
    )
    const soup = fc.array(fc.oneof(fc.string({ maxLength: 8, unit: 'binary' }), words), { maxLength: 40 })
    fc.assert(
      fc.property(
        soup.map((parts) => parts.join('')),
        holds,
      ),
      { numRuns, seed },
    )
  })

  test('and the watch would see it', () => {
    expect(() => fs['readFileSync']?.()).toThrow(TypeError)
    expect(spies[0]?.mock.calls).toHaveLength(1)
  })
})

test('honest templates render as nunjucks renders them', () => {
  const before = JSON.stringify(data)
  let compared = 0
  fc.assert(
    fc.property(grammar.template, (template) => {
      let expected: string
      try {
        expected = renderStock(template, structuredClone(data))
      } catch {
        return
      }
      compared++
      const { output, error } = renderWatched(template, data)
      expect(error?.message).toBeUndefined()
      expect(output).toBe(expected)
    }),
    { numRuns, seed },
  )
  expect(compared).toBeGreaterThan(0.9 * numRuns)
  expect(JSON.stringify(data)).toBe(before)
})
