import { expect, test } from 'vitest'
import { importsOf } from '../house/imports.ts'
import { readSources } from '../house/sources.ts'

// Browsers and workers bundle these folders; only the undici transport is for Node alone.
test.each(['transport', 'dialects', 'providers', 'stream'])('src/%s imports no node: module', (folder) => {
  const found = importsOf(readSources(`src/${folder}`))
    .filter(
      ({ specifier, from }) => specifier.startsWith('node:') && !from.startsWith('src/transport/undici/'),
    )
    .map(({ at, specifier }) => `${at}: ${specifier}`)
  expect(found).toEqual([])
})
