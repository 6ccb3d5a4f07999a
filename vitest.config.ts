import { join } from 'node:path'
import type { ViteUserConfig } from 'vitest/config'
import { places, root } from './scripts/entries.ts'

/** Tests and examples import the public names; here those lead to the sources, so that no build is needed. */
const alias = Object.entries(places).map(([subpath, place]) => ({
  find: new RegExp(`^llm-switchyard${subpath.slice(1).replace('*', '([^/]+)')}$`),
  replacement: join(root, place.replace('*', '$1')),
}))

const config: ViteUserConfig = {
  resolve: { alias },
  // Real sockets and processes on a busy machine: time enough, and a second try that the report shows.
  // Most of them wait more than they work: two files at once, also where there are only two cores.
  test: { include: ['test/**/*.test.ts'], testTimeout: 20_000, retry: 1, maxWorkers: 2 },
}

export default config
