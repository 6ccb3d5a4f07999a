import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue } from 'llm-switchyard'
import { expect, test } from 'vitest'
import type { ProviderDefinition } from '../../src/core/provider.ts'

const folder = join(import.meta.dirname, '../../src/dialects')

/** The quirks that a dialect declares, by the names in its interface. */
function declared(dialect: string): string[] {
  const text = readFileSync(join(folder, dialect, 'quirks.ts'), 'utf8')
  return [...text.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name ?? '')
}

type Part = Partial<Pick<ProviderDefinition, 'quirks' | 'models' | 'apis'>>

function setBy({ quirks = {}, models = {}, apis = {} }: Part): string[] {
  const ofModels = Object.values(models).flatMap((model) => Object.keys(model.quirks ?? {}))
  return [...Object.keys(quirks), ...ofModels, ...Object.values(apis).flatMap(setBy)]
}

/** For applications alone: what no provider of the catalogue needs, with the reason. */
const FOR_APPLICATIONS: Readonly<Record<string, string>> = {
  'kobold marks': 'the marks belong to the model that the server has loaded',
  'kobold contextLength': 'the length belongs to the model that the server has loaded',
}

test('every quirk is set by a provider, or is for applications, with a reason', () => {
  const set = new Set(catalogue.flatMap(setBy))
  const dialects = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const unset = dialects
    .map(({ name }) => name)
    .filter((name) => readdirSync(join(folder, name)).includes('quirks.ts'))
    .flatMap((dialect) =>
      declared(dialect).flatMap((quirk) => (set.has(quirk) ? [] : [`${dialect} ${quirk}`])),
    )
  expect(unset.filter((name) => FOR_APPLICATIONS[name] === undefined)).toEqual([])
})
