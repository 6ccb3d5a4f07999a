import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { root } from '../../scripts/entries.ts'

/** The source files of which something is left in the bundle of one provider. */
async function bundled(provider: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`src/providers/${provider}.ts`],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  })
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path)
}

test.each([
  ['hyperbolic', ['embeddings', 'openai-chat']],
  ['openai', ['embeddings', 'openai-chat', 'openai-chat-tools', 'openai-responses', 'token-counts']],
  ['anthropic', ['anthropic-messages', 'token-counts']],
])('%s alone bundles no other provider and only its own dialects', async (provider, dialects) => {
  const files = await bundled(provider)
  // Tables of options that several providers share are no providers.
  const own = files.filter((path) => /^src\/providers\/[^/]+$/.test(path))
  expect(own).toEqual([`src/providers/${provider}.ts`])
  const folders = files.flatMap((path) => /^src\/dialects\/([\w-]+)\//.exec(path)?.[1] ?? [])
  expect([...new Set(folders)].toSorted()).toEqual(dialects)
})
