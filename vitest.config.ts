import { join } from 'node:path'
import type { ViteUserConfig } from 'vitest/config'
import { places, root } from './scripts/entries.ts'
import { patience } from './test/patience.ts'

/** Tests and examples import the public names; here those lead to the sources, so that no build is needed. */
const alias = Object.entries(places).map(([subpath, place]) => ({
  find: new RegExp(`^llm-switchyard${subpath.slice(1).replace('*', '([^/]+)')}$`),
  replacement: join(root, place.replace('*', '$1')),
}))

const proving = process.env['SWITCHYARD_PROOF'] === '1'

const config: ViteUserConfig = {
  resolve: { alias },
  test: {
    include: ['test/**/*.test.ts'],
    // Real sockets and processes on a busy machine: time enough for what hangs nowhere. A second try is for them
    // too, and scripts/test.ts names every test that needed it.
    testTimeout: (proving ? 900_000 : 120_000) * patience,
    hookTimeout: 120_000 * patience,
    expect: { poll: { timeout: 30_000 * patience, interval: 10 } },
    retry: proving ? 0 : 1,
    // Most files wait more than they work: more at once than there are cores on a small machine.
    maxWorkers: 3,
  },
}

export default config
