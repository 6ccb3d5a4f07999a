import { join } from 'node:path'
import { bundleProgram, type Size } from './bundle-size.ts'
import { KEY, MODEL } from './wire.ts'

/** The size of one bundle: of what is loaded at the start, and of everything in one file. */
export interface BundleSize extends Size {
  readonly title: string
  readonly whole: Size
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

/** Bundles the minimal chat call of each package for Node, minified. Peers that are not installed are left out. */
export async function bundleSizes(onMissing?: (title: string) => void): Promise<BundleSize[]> {
  const sizes: BundleSize[] = []
  for (const [title, { contents, from }] of Object.entries(ENTRIES)) {
    const resolveDir = from ?? import.meta.dirname
    try {
      const bundle = await bundleProgram(contents, { resolveDir, platform: 'node', target: 'node22' })
      sizes.push({ title, ...bundle.start, whole: bundle.whole })
    } catch (error) {
      if (from === undefined) throw error
      onMissing?.(title)
    }
  }
  return sizes
}
