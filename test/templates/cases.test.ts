import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../scripts/entries.ts'
import { renderWatched } from './watch.ts'

/** The cases of the contract, kept outside the project. */
const path = process.env['TEMPLATE_CASES'] ?? join(root, '../shared/template-cases.json')

interface SharedCase {
  readonly id: string
  readonly template: string | readonly (string | readonly [string, number])[]
  readonly data: unknown
  readonly expect: {
    readonly outcome: string
    readonly output?: string | { readonly any: readonly string[] }
  }
}

const cases: readonly SharedCase[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).payloads : []
if (cases.length === 0)
  test('the agreed cases', ({ skip }) =>
    skip('they were not found (../shared/template-cases.json, or the file that TEMPLATE_CASES names)'))

function sourceOf(template: SharedCase['template']): string {
  if (typeof template === 'string') return template
  return template.map((part) => (typeof part === 'string' ? part : part[0].repeat(part[1]))).join('')
}

let calls = 0

/** `{ "$fn": … }` is replaced by a function of the caller. */
function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive)
  if (typeof value !== 'object' || value === null) return value
  if ('$fn' in value) return () => ++calls
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner)]))
}

describe.skipIf(cases.length === 0)('the agreed cases', () => {
  test.each(cases.map((one) => [one.id, one] as const))('%s', (_id, { template, data, expect: wanted }) => {
    const { output, error } = renderWatched(sourceOf(template), revive(data))
    const any = typeof wanted.output === 'object' ? wanted.output.any : [wanted.output]
    if (wanted.outcome === 'output') expect(output).toBe(wanted.output)
    else if (error === undefined)
      expect({ outcome: wanted.outcome, any }).toEqual({
        outcome: 'error-or-output',
        any: expect.arrayContaining([output]),
      })
    expect(calls).toBe(0)
  })
})
