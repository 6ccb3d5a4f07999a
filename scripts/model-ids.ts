/**
 * Rewrites `src/core/model-ids.ts` from the catalogue and the table of models: `node scripts/model-ids.ts`.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { factRows } from '../src/models/data.ts'
import { catalogue } from '../src/providers/index.ts'
import { root } from './entries.ts'

const LINE = 110

/** Providers of models of their own. The lists of those that host models of others are long, and change from day to day. */
const MAKERS = [
  'anthropic',
  'cerebras',
  'cohere',
  'deepseek',
  'google',
  'groq',
  'minimax',
  'mistral',
  'moonshot',
  'openai',
  'perplexity',
  'qwen',
  'vertex',
  'xai',
  'zai',
]

/** The source of the types of provider and model ids. */
export function modelIdsSource(): string {
  const providers = catalogue.map(({ id }) => id).toSorted()
  const models = MAKERS.flatMap((maker) => currentModels(maker).map((id) => `${maker}/${id}`))
  return `// Written by scripts/model-ids.ts; not to be edited.

/** Id of a provider of the catalogue. */
// prettier-ignore
export type KnownProvider =
${union(providers)}

/** Model of a provider that makes its own, as the table of models lists them. */
// prettier-ignore
export type KnownModel =
${union(models)}

// Any other text is accepted, too; so editors offer the known ids.
/** Id of a provider: a known one, or one of the application's own. */
export type ProviderId = KnownProvider | (string & {})
/** A model: \`provider/model\`, or the model's name alone beside a provider. */
export type ModelId = KnownModel | (string & {})
`
}

function currentModels(provider: string): string[] {
  const rows = JSON.parse(factRows[provider] ?? '[]') as readonly {
    readonly i: string
    readonly s?: string
  }[]
  return rows.filter(({ s }) => s !== 'deprecated').map(({ i }) => i)
}

function union(names: readonly string[]): string {
  const lines: string[] = []
  for (const name of names) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + name.length + 5 < LINE)
      lines[lines.length - 1] = `${last} | '${name}'`
    else lines.push(`  | '${name}'`)
  }
  return lines.join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await writeFile(join(root, 'src/core/model-ids.ts'), modelIdsSource())
