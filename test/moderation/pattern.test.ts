import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from '../../src/moderation/index.ts'

/** The non-empty matches of the native engine. */
function native(source: string, flags: string, text: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = []
  for (const match of text.matchAll(new RegExp(source, `gu${flags}`)))
    if (match[0] !== '') found.push({ start: match.index, end: match.index + match[0].length })
  return found
}

// Never empty, so that both engines mean the same: what an empty match hides differs.
const atom = fc.constantFrom(
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '\\w',
  '\\d',
  '\\s',
  'é',
  '😀',
  '\\u0061',
  '[a-c1]',
)
const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atom,
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('+', '+?', '{2}', '{1,3}', '{1,2}?', '{2,}'))
      .map(([a, times]) => `(${a})${times}`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '?', '*?', '??'), atom)
      .map(([a, times, b]) => `(?:${a})${times}${b}`),
    tie('pattern').map((a) => `\\b${a}`),
    tie('pattern').map((a) => `${a}\\B`),
    tie('pattern').map((a) => `^${a}`),
    tie('pattern').map((a) => `${a}$`),
    fc.tuple(tie('pattern'), atom).map(([a, b]) => `(?<!${b})${a}(?=${b})`),
  ),
}))
const text = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', 'A', '1', ' ', '\n', 'é', '😀', 'k', '\u212A'),
  maxLength: 24,
})

describe('the engine', () => {
  it('finds what the native engine finds', async () => {
    await fc.assert(
      fc.asyncProperty(
        pattern,
        fc.constantFrom('', 'i', 'm', 's', 'im'),
        text,
        async (source, flags, given) => {
          const safe = compilePattern({ pattern: source, flags })
          expect(await safe.matches(given)).toEqual(native(source, flags, given))
          expect(safe.test(given)).toBe(new RegExp(source, `u${flags}`).test(given))
        },
      ),
      { numRuns: 3_000 },
    )
  })
})
