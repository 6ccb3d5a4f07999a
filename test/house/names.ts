import { posix } from 'node:path'
import type { Sources, Violation } from './sources.ts'

/** Names that say nothing about what is inside, alone or as the last word. */
const empty = /(^|-)(utils?|helpers?|common|base|managers?|service|misc)$/
// The folder of the chat service, and the file that makes it: here the word is what is inside.
const exempt: ReadonlySet<string> = new Set([
  'src/conversations/service',
  'src/conversations/service/chat-service.ts',
])
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** The wire formats we speak. A format is not a vendor, even where one vendor gave it the name. */
const dialects = new Set([
  'openai-chat',
  'openai-chat-tools',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'embeddings',
  'token-counts',
  'cohere',
  'bedrock-converse',
  'bedrock-invoke',
  'ollama',
  'kobold',
])

/** Files and folders are kebab-case nouns that say what is inside. */
export function checkNames(sources: Sources): Violation[] {
  const names = new Map(
    [...sources.keys()].flatMap((path) => parts(path).map((name) => [name, path] as const)),
  )
  return [...names].flatMap(([name, path]) => {
    if (!kebab.test(name)) return [`${path}: "${name}" is not kebab-case`]
    return empty.test(name) ? [`${path}: "${name}" could hold anything; name it after what is inside`] : []
  })
}

/** Dialects are named after wire formats: no folder but a known format, no file named after a provider. */
export function checkDialectNames(sources: Sources): Violation[] {
  const vendors = new Set([...sources.keys()].filter((path) => path.startsWith('src/providers/')).map(stem))
  vendors.delete('index')
  return [...sources.keys()].flatMap((path) => {
    const [, area, folder = ''] = path.split('/')
    if (area !== 'dialects') return []
    const known = folder.endsWith('.ts') || dialects.has(folder)
    if (!known) return [`${path}: "${folder}" is no known wire format; add it to the list if it is one`]
    const vendor = stem(path)
      .split('-')
      .find((word) => vendors.has(word))
    return vendor === undefined ? [] : [`${path}: "${vendor}" is a vendor; a dialect knows formats only`]
  })
}

/** Folder names and file stems below the first folder, but not exempt ones; `x.test.ts` counts as `x`. */
function parts(path: string): string[] {
  const folders = posix.dirname(path).split('/')
  const named = folders.slice(1).filter((_, at) => !exempt.has(folders.slice(0, at + 2).join('/')))
  return exempt.has(path) ? named : [...named, stem(path)]
}

function stem(path: string): string {
  return posix.basename(path).replace(/(\.test)?\.ts$/, '')
}
