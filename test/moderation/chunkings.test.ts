import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LlmError } from 'llm-switchyard'
import { createRuleModerator, type ModerationRule } from 'llm-switchyard/moderation'
import { redacted, scansOf, textOf } from './redact-streams.ts'
import { sized } from '../proof.ts'

const piece = fc.constantFrom(
  'a',
  'b',
  'ab',
  '[ab]',
  'a+',
  '(?:ab)+',
  'a{2,3}',
  'b?a',
  '\\bab',
  'b\\b',
  'a.b',
  '(?:a|bb)',
  'a.*?b',
  '[^b]b',
  '(?<!a)b',
  'b(?!a)',
)
const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''))
const rule = fc.record({
  pattern,
  action: fc.constantFrom('redact' as const, 'pass' as const, 'warn' as const, 'block' as const),
})
const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'c', 'é', '\n'), maxLength: 40 })

/** Applies rules to a text with the native engine. `text` ends before the first match that blocks. */
function expected(rules: readonly ModerationRule[], given: string): { text: string; blocked: boolean } {
  const all = new RegExp(rules.map(({ pattern: source }) => `(${source})`).join('|'), 'giu')
  let out = ''
  let from = 0
  for (const match of given.matchAll(all)) {
    const { action } = rules[match.slice(1).findIndex((group) => group !== undefined)] as ModerationRule
    out += given.slice(from, match.index)
    if (action === 'block') return { text: out, blocked: true }
    out += action === 'redact' ? '[X]' : match[0]
    from = match.index + match[0].length
  }
  return { text: out + given.slice(from), blocked: false }
}

describe('moderation', () => {
  it('decides the same for every chunking, by any rules', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 4 }),
        text,
        fc.array(fc.nat(40), { maxLength: 10 }),
        (rules, given, cuts) => {
          const open = scansOf(createRuleModerator({ rules }))
          const places = [
            0,
            ...cuts.filter((at) => at < given.length).toSorted((a, b) => a - b),
            given.length,
          ]
          const pieces = places.slice(1).map((at, index) => given.slice(places[index], at))
          const events = redacted(open, [
            ...pieces.map((part) => [{ type: 'text-delta' as const, text: part }]),
            [{ type: 'file', mediaType: 'x/y' }],
          ])
          const out = events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
          expect({ text: out, blocked: events.blocked }).toEqual(expected(rules, given))
        },
      ),
      { numRuns: sized(400, 4_000) },
    )
  })

  it('decides the same for every chunking also where a match is longer than what is held', () => {
    const open = scansOf(
      createRuleModerator({
        rules: [{ pattern: 'x[^y]*y' }, { pattern: 'z.*?zz' }, { literal: 'abab' }],
        maxHeldCharacters: 5,
      }),
    )
    const odd = fc.string({ unit: fc.constantFrom('x', 'y', 'z', 'a', 'b', '-', '\n', '😀'), maxLength: 60 })
    fc.assert(
      fc.property(odd, fc.array(fc.nat(60), { maxLength: 20 }), (given, cuts) => {
        const places = [0, ...cuts.filter((at) => at < given.length).toSorted((a, b) => a - b), given.length]
        const pieces = places.slice(1).map((at, index) => given.slice(places[index], at))
        const whole = textOf(open, [given])
        expect(textOf(open, pieces)).toBe(whole)
        // No match is left.
        expect(whole.replaceAll('[X]', '')).not.toMatch(/abab/)
        for (const [found] of given.matchAll(/x[^y]*y/g))
          if (found.length > 8) expect(whole).not.toContain(found)
      }),
      { numRuns: sized(400, 4_000) },
    )
  })

  it('takes the first of many literals at a place, as they are listed', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'B'), minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), text, (words, given) => {
        const rules = words.map((literal, at) => ({ literal, replacement: `<${at}>` }))
        const all = new RegExp(words.map((literal) => `(${literal})`).join('|'), 'gi')
        const whole = given.replaceAll(
          all,
          (_found, ...groups: (string | undefined)[]) =>
            `<${groups.findIndex((group) => group !== undefined)}>`,
        )
        expect(textOf(scansOf(createRuleModerator({ rules })), [given])).toBe(whole)
      }),
      { numRuns: sized(200, 2_000) },
    )
  })

  it('refuses rules that match nothing', () => {
    for (const bad of ['a*', '(a|)', '\\b', '^', '(?:)'])
      expect(() => createRuleModerator({ rules: [{ pattern: bad }] })).toThrow(LlmError)
    expect(() => createRuleModerator({ rules: [{}] })).toThrow(/needs a literal or a pattern/)
    expect(() => createRuleModerator({ rules: [{ literal: ' ' }] })).toThrow(/needs a literal or a pattern/)
  })
})
