import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { places, root } from '../../../scripts/entries.ts'

// Loaded before an example in a process of its own: the package's names lead to the sources, so that no build is needed.
registerHooks({
  resolve: (specifier, context, next) => {
    const source = specifier.startsWith('llm-switchyard')
      ? places[`.${specifier.slice('llm-switchyard'.length)}`]
      : undefined
    return source === undefined
      ? next(specifier, context)
      : next(pathToFileURL(join(root, source)).href, context)
  },
})
