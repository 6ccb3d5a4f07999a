import type { Options } from 'tsup'
import { entries } from './scripts/entries.ts'

const config: Options = {
  entry: Object.fromEntries(entries().map(({ output, source }) => [output, source])),
  format: ['esm'],
  target: 'node22',
  dts: true,
  sourcemap: true,
  splitting: true,
  clean: true,
}

export default config
