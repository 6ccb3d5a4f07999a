import { describe, expect, it } from 'vitest'
import { createPiiModerator, createPlaceholders } from '../../src/moderation/index.ts'
import { scansOf, textOf, twoCuts } from './redact-streams.ts'
import { sized } from '../proof.ts'
import { piiHeldOut, piiSample, type Labelled } from './pii-sample.ts'

/** What a moderator finds in a text, with its kind. */
function findings(text: string): { type: string; value: string }[] {
  const placeholders = createPlaceholders()
  textOf(scansOf(createPiiModerator({ placeholders })), [text])
  return [...placeholders.entries].map(([name, value]) => ({
    type: name
      .replace(/^\[(.*)_\d+\]$/, '$1')
      .toLowerCase()
      .replaceAll('_', '-'),
    value,
  }))
}

interface Figures {
  readonly count: number
  readonly precision: number
  readonly recall: number
  readonly missed: readonly string[]
  readonly wrong: readonly string[]
}

/** Of a kind and a value together: both have to be right. */
function figures(sample: readonly Labelled[]): Figures {
  const missed: string[] = []
  const wrong: string[] = []
  let hits = 0
  for (const { text, found } of sample) {
    const wanted = new Set(found.map(({ type, value }) => `${type}:${value}`))
    const given = new Set(findings(text).map(({ type, value }) => `${type}:${value}`))
    hits += [...given].filter((one) => wanted.has(one)).length
    missed.push(...[...wanted].filter((one) => !given.has(one)))
    wrong.push(...[...given].filter((one) => !wanted.has(one)))
  }
  const precision = hits / (hits + wrong.length)
  return { count: sample.length, precision, recall: hits / (hits + missed.length), missed, wrong }
}

describe('personal data', () => {
  it('is found with the precision and recall that the docs state', () => {
    const { precision, recall, count } = figures(piiSample)
    expect(count).toBeGreaterThanOrEqual(200)
    expect(precision).toBeGreaterThanOrEqual(0.97)
    expect(recall).toBeGreaterThanOrEqual(0.98)
    const unseen = figures(piiHeldOut)
    expect(unseen.precision).toBeGreaterThanOrEqual(0.9)
    expect(unseen.recall).toBeGreaterThanOrEqual(0.9)
  })

  it('is replaced the same for every pair of cuts', () => {
    const open = scansOf(createPiiModerator())
    for (const { text, found } of piiSample.filter((_one, index) => index % sized(20, 4) === 0)) {
      const whole = textOf(open, [text])
      for (const { value } of found) expect(whole).not.toContain(value)
      for (const pieces of twoCuts(text)) expect(textOf(open, pieces)).toBe(whole)
    }
  })
})
