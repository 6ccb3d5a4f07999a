import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { KEY, MODEL } from './wire.ts'

/** What a bundle weighs, in bytes. */
export interface BundleSize {
  readonly title: string
  readonly min: number
  readonly gzip: number
}

// The least that prints one answer, as the guides of each package write it.
const ENTRIES: Readonly<Record<string, string>> = {
  'llm-switchyard': `
    import { chatApiCall } from 'llm-switchyard'
    const reply = await chatApiCall({ model: 'openai/${MODEL}', apiKey: '${KEY}', messages: [{ role: 'user', content: 'Hello!' }] })
    console.log(reply.text)`,
  openai: `
    import OpenAI from 'openai'
    const client = new OpenAI({ apiKey: '${KEY}' })
    const reply = await client.chat.completions.create({ model: '${MODEL}', messages: [{ role: 'user', content: 'Hello!' }] })
    console.log(reply.choices[0].message.content)`,
  'ai + @ai-sdk/openai-compatible': `
    import { generateText } from 'ai'
    import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
    const model = createOpenAICompatible({ name: 'openai', baseURL: 'https://api.openai.com/v1', apiKey: '${KEY}' })('${MODEL}')
    const { text } = await generateText({ model, prompt: 'Hello!' })
    console.log(text)`,
}

/** Bundles the minimal chat call of each package, everything in one minified file. */
export async function bundleSizes(): Promise<BundleSize[]> {
  const sizes: BundleSize[] = []
  for (const [title, contents] of Object.entries(ENTRIES)) {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: import.meta.dirname },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      logLevel: 'error',
    })
    const file = outputFiles[0]?.contents ?? new Uint8Array()
    sizes.push({ title, min: file.length, gzip: gzipSync(file, { level: 9 }).length })
  }
  return sizes
}
