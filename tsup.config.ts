import type { Options } from 'tsup'
import { bundle } from './scripts/bundle.ts'
import { entries } from './scripts/entries.ts'

const config: Options = {
  // tsup cleans the folder and makes the declarations. The one script that it writes is replaced by the bundle.
  entry: { index: 'src/index.ts' },
  bundle: false,
  format: ['esm'],
  target: 'node22',
  dts: { entry: Object.fromEntries(entries().map(({ output, source }) => [output, source])) },
  clean: true,
  onSuccess: bundle,
}

export default config
