import { describe, expect, test } from 'vitest'
import type { Attack } from './attacks/attack.ts'
import { escapes } from './attacks/escapes.ts'
import { floods } from './attacks/floods.ts'
import { injections } from './attacks/injections.ts'
import { leaks } from './attacks/leaks.ts'
import { sized } from '../proof.ts'
import { renderWatched } from './watch.ts'

/** The deadline is 300 ms; what is on top is one native step, and other tests on the same machine. */
const MOST_MS = 1_500

/** The default limits, or less work before a flood is refused. */
const options = sized({ limits: { maxSteps: 100_000, maxTextChars: 4_194_304 } }, {})

const classes: Readonly<Record<string, readonly Attack[]>> = { escapes, injections, leaks, floods }

/** What is wrong with the outcome of an attack, if anything. */
function judge({ name, template, data = () => ({}), harmless = [] }: Attack): string | undefined {
  const { output, error, took } = renderWatched(template, data(), options)
  took.atMost(MOST_MS)
  const shown = `${name}: ${template.slice(0, 100)}`
  if (error !== undefined)
    return /^Template( line \d+)?: ./.test(error.message) ? undefined : `${shown}: no reason`
  return harmless.includes(output ?? '') ? undefined : `${shown} → ${output?.slice(0, 100)}`
}

describe('hostile templates come to nothing', () => {
  test.each(Object.entries(classes))('%s', (_name, attacks) => {
    expect(attacks.length).toBeGreaterThan(100)
    expect(attacks.flatMap((attack) => judge(attack) ?? [])).toEqual([])
  })
})

test('a refused template is refused again, with the same words', () => {
  for (const { template } of injections.slice(0, 50)) {
    const first = renderWatched(template, {})
    const second = renderWatched(template, {})
    expect(second.error?.message).toBe(first.error?.message)
    expect(second.output).toBe(first.output)
  }
})

test('the same work is refused at the same step, whatever the clock says', () => {
  const template = '{% for a in range(2000) %}{% for b in range(2000) %}{{ a }}{% endfor %}{% endfor %}'
  const limits = { maxSteps: 10_000, deadlineMs: 60_000 }
  const messages = [1, 2, 3].map(() => renderWatched(template, {}, { limits }).error?.message)
  expect(new Set(messages)).toEqual(
    new Set([
      'Template line 1: rendering takes more than 10000 steps; simplify the template or raise limits.maxSteps',
    ]),
  )
})
