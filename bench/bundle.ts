import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { KEY, MODEL } from './wire.ts'

/** The size of one bundle, in bytes. */
export interface BundleSize {
  readonly title: string
  readonly min: number
  readonly gzip: number
}

/** A minimal program, and where its packages are installed. */
interface Entry {
  readonly contents: string
  /** Folder from which packages are resolved. Default: this one. */
  readonly from?: string | undefined
}

const PEERS = join(import.meta.dirname, 'peers')
const MESSAGES = `[{ role: 'user', content: 'Hello!' }]`

function coreEntry(name: string, file: string, more: string): Entry {
  return {
    contents: `
    import { createOrchestrator } from 'llm-switchyard/core'
    import { ${name} } from 'llm-switchyard/providers/${file}'
    const { chatApiCall } = createOrchestrator({ providers: [${name}] })
    const stream = await chatApiCall({ model: '${file}/${MODEL}', apiKey: '${KEY}', messages: ${MESSAGES}, stream: true${more} })
    for await (const event of stream) if (event.type === 'text-delta') console.log(event.text)`,
  }
}

// The least that prints one answer, as the guides of each package write it.
const ENTRIES: Readonly<Record<string, Entry>> = {
  'llm-switchyard/core, openai-compatible, streamed': coreEntry(
    'openaiCompatible',
    'openai-compatible',
    `, baseUrl: 'http://localhost:8000/v1'`,
  ),
  'llm-switchyard/core, openai, streamed': coreEntry('openai', 'openai', ''),
  'llm-switchyard': {
    contents: `
    import { chatApiCall } from 'llm-switchyard'
    const reply = await chatApiCall({ model: 'openai/${MODEL}', apiKey: '${KEY}', messages: ${MESSAGES} })
    console.log(reply.text)`,
  },
  openai: {
    contents: `
    import OpenAI from 'openai'
    const client = new OpenAI({ apiKey: '${KEY}' })
    const reply = await client.chat.completions.create({ model: '${MODEL}', messages: ${MESSAGES} })
    console.log(reply.choices[0].message.content)`,
  },
  'ai + @ai-sdk/openai-compatible': {
    contents: `
    import { generateText } from 'ai'
    import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
    const model = createOpenAICompatible({ name: 'openai', baseURL: 'https://api.openai.com/v1', apiKey: '${KEY}' })('${MODEL}')
    const { text } = await generateText({ model, prompt: 'Hello!' })
    console.log(text)`,
  },
  'ai + @ai-sdk/openai, streamed': {
    from: PEERS,
    contents: `
    import { streamText } from 'ai'
    import { createOpenAI } from '@ai-sdk/openai'
    const { textStream } = streamText({ model: createOpenAI({ apiKey: '${KEY}' })('${MODEL}'), prompt: 'Hello!' })
    for await (const text of textStream) console.log(text)`,
  },
  '@tanstack/ai + @tanstack/ai-openai, streamed': {
    from: PEERS,
    contents: `
    import { chat } from '@tanstack/ai'
    import { createOpenaiChat } from '@tanstack/ai-openai'
    const stream = chat({ adapter: createOpenaiChat('${MODEL}', '${KEY}'), messages: ${MESSAGES} })
    for await (const chunk of stream) console.log(chunk)`,
  },
}

/** Bundles the minimal chat call of each package, everything in one minified file. Peers that are not installed are left out. */
export async function bundleSizes(onMissing?: (title: string) => void): Promise<BundleSize[]> {
  const sizes: BundleSize[] = []
  for (const [title, entry] of Object.entries(ENTRIES)) {
    try {
      const { min, gzip } = await bundleOf(entry)
      sizes.push({ title, min, gzip })
    } catch (error) {
      if (entry.from === undefined) throw error
      onMissing?.(title)
    }
  }
  return sizes
}

/** Bundles one program for Node. Rejects if a package cannot be resolved. */
async function bundleOf({ contents, from = import.meta.dirname }: Entry): Promise<{
  readonly min: number
  readonly gzip: number
  readonly metafile: Metafile
}> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: from },
    // Without the paths of tsconfig.json, which lead to the sources.
    tsconfigRaw: {},
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    logLevel: 'silent',
  })
  const file = outputFiles[0]?.contents ?? new Uint8Array()
  return { min: file.length, gzip: gzipSync(file, { level: 9 }).length, metafile }
}
