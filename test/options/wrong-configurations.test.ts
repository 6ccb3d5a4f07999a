import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { LlmError } from '../../src/core/error.ts'
import { factories } from './factories.ts'
import { harmless, isHarmless } from './harmless.ts'
import { casesOf, type Case } from './wrong-configurations.ts'

const all = factories.map((factory) => ({ factory, name: factory.name, cases: casesOf(factory) }))

/** What is wrong with the way in which a case was taken; `undefined` if it was refused well, or is harmless. */
async function faultOf(one: Case): Promise<string | undefined> {
  const where = `${one.path.join('.')} = ${one.value} (${one.field.expected})`
  const error = await refusalOf(one)
  if (error === undefined)
    return isHarmless(one.field.expected, one.value) ? undefined : `${where}: was accepted`
  if (!LlmError.is(error, 'misconfigured')) return `${where}: ${inspect(error)}`
  const [issue] = error.issues ?? []
  const { lead } = one.factory
  const path = [...(lead === undefined ? [] : [lead]), ...one.path].join('.')
  // An empty group may lack what it requires: then that is the path.
  const isRight = issue?.path === path || (one.value === 'object' && issue?.path.startsWith(`${path}.`))
  if (isRight !== true) return `${where}: path ${String(issue?.path)} instead of ${path}`
  if (!error.message.includes(`: ${issue?.path} `)) return `${where}: no path in "${error.message}"`
  const isSuggested = one.value !== 'slip' || suggestedBy(issue?.message) === originalOf(one)
  return isSuggested ? undefined : `${where}: ${String(issue?.message)}`
}

async function refusalOf({ factory, options }: Case): Promise<unknown> {
  try {
    await factory.make(options as never)
  } catch (error) {
    return error
  }
  return undefined
}

function suggestedBy(message = ''): string | undefined {
  return /did you mean "(\w+)"\?/.exec(message)?.[1]
}

function originalOf({ factory, path, field }: Case): string | undefined {
  let fields = factory.schema.fields()
  for (const name of path.slice(0, -1)) fields = (fields[name] as typeof factory.schema).fields()
  return Object.keys(fields).find((name) => fields[name] === field && isAnagram(name, path.at(-1) ?? ''))
}

function isAnagram(one: string, other: string): boolean {
  return lettersOf(one) === lettersOf(other)
}

function lettersOf(name: string): string {
  return name.split('').toSorted().join('')
}

describe('a wrong configuration is refused when it is made, with its path', () => {
  test.each(all)('$name', async ({ cases }) => {
    const faults = await Promise.all(cases.map(faultOf))
    expect(faults.filter((fault) => fault !== undefined)).toEqual([])
  })

  test('of at least 1 450 that were generated', () => {
    expect(all.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(1_450)
  })

  test('and no exception is left that no field needs', () => {
    const cases = all.flatMap((one) => one.cases)
    const unused = harmless.filter(
      ({ expected, values }) =>
        !cases.some(({ field, value }) => values.includes(value) && expected.test(field.expected)),
    )
    expect(unused).toEqual([])
  })
})
