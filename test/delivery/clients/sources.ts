import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { places, root } from '../../../scripts/entries.ts'

// Loaded before an example in a process of its own: the package's names lead to the sources, so that no build is needed.
registerHooks({
  resolve: (specifier, context, next) => {
    const source = sourceOf(specifier)
    return source === undefined
      ? next(specifier, context)
      : next(pathToFileURL(join(root, source)).href, context)
  },
})

function sourceOf(specifier: string): string | undefined {
  if (!specifier.startsWith('llm-switchyard')) return undefined
  const subpath = `.${specifier.slice('llm-switchyard'.length)}`
  const [, folder, name] = /^(.+)\/([^/]+)$/.exec(subpath) ?? []
  return places[subpath] ?? (name === undefined ? undefined : places[`${folder}/*`]?.replace('*', name))
}
