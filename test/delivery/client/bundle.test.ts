import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { root } from '../../../scripts/entries.ts'

test('the client bundles for browsers: nothing of Node, no package, and small', async () => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: "export { createChatClient, webStorage } from './src/delivery/client/index.ts'",
      resolveDir: root,
    },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
  })
  const inputs = Object.keys(metafile.inputs).filter((path) => path !== '<stdin>')
  expect(inputs.filter((path) => !/^src\/(delivery\/client|core)\//.test(path))).toEqual([])
  const text = outputFiles[0]?.text ?? ''
  expect(text).not.toMatch(/\b(Buffer|require|process)\b/)
  // It grew by the marks that let a server store each message once, and the ids that it stores them under,
  // by the forms of secrets that no error may show, by the check that a message is text,
  // and by tools that tell their progress, need an approval, or belong to subagents.
  expect(gzipSync(text, { level: 9 }).byteLength).toBeLessThan(11_250)
})
