import { describe, expect, test } from 'vitest'
import { LlmError } from '../../src/core/error.ts'
import { checkProvider, defineProvider, type ProviderDefinition } from '../../src/core/provider.ts'
import { createRegistry } from '../../src/core/registry.ts'
import { catalogue } from '../../src/providers/index.ts'

const [first] = catalogue as [ProviderDefinition]
const { dialect } = first
const own = {
  id: 'own',
  name: 'Own',
  dialect,
  auth: { type: 'bearer' },
} as const satisfies ProviderDefinition

const pathsOf = (act: () => void): readonly string[] => {
  try {
    act()
  } catch (error) {
    return LlmError.is(error, 'misconfigured') ? (error.issues ?? []).map(({ path }) => path) : ['other']
  }
  return []
}

describe('a provider definition', () => {
  test.each(catalogue.map((definition) => [definition.id, definition] as const))(
    '%s is right',
    (_id, one) => {
      expect(pathsOf(() => checkProvider(one))).toEqual([])
    },
  )

  test.each<[string, object]>([
    ['id', { id: 'Has Spaces' }],
    ['dialect', { dialect: {} }],
    ['auth', { auth: undefined }],
    ['baseUrl', { baseUrl: 'localhost:8000' }],
  ])('is refused where it is defined: %s', (path, fields) => {
    expect(pathsOf(() => defineProvider({ ...own, ...fields }))).toEqual([path])
  })

  test.each<[string, object]>([
    ['baseURL', { baseURL: 'https://host.test/v1' }],
    ['auth.nmae', { auth: { type: 'header', name: 'x-key', nmae: 'x' } }],
    ['params.temprature', { params: { temprature: { to: 't' } } }],
    ['params.topK.too', { params: { topK: { too: 'k' } } }],
    ['params.topK.clamp', { params: { topK: { clamp: [5] } } }],
    ['models.m-*.contextwindow', { models: { 'm-*': { contextwindow: 5 } } }],
    ['models.m-*.maxOutput', { models: { 'm-*': { maxOutput: Number.NaN } } }],
    ['variables.region.env', { variables: { region: { env: 'REGION' } } }],
  ])('is refused where it is registered: %s', (path, fields) => {
    const definition = defineProvider({ ...own, ...fields })
    expect(pathsOf(() => createRegistry([]).register(definition))).toEqual([path])
    expect(pathsOf(() => createRegistry([own]).replace(definition))).toEqual([path])
  })
})
