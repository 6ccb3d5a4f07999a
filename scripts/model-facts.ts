/**
 * Rebuilds `src/models/data.ts` from files, newer facts over older ones. Fetches nothing.
 *
 *   node scripts/model-facts.ts --models-dev FILE@2026-07-02 --genai-prices FOLDER@2026-09-23
 *     [--litellm FILE@DATE] [--list PROVIDER=FILE@DATE]
 *
 * `--models-dev` takes `api.json`, or lines of models with a field `provider`; `--genai-prices` the unpacked package;
 * `--list` the result of `listModels` as JSON. Facts that no such file has are in `model-facts/newer.json`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { ModelFacts } from '../src/core/model-facts.ts'
import { root } from './entries.ts'
import { providerNames, type Facts, type Found } from './model-facts/draft.ts'
import { readGenaiPrices, type GenaiProvider } from './model-facts/genai-prices.ts'
import { readLitellm } from './model-facts/litellm.ts'
import { mergeFacts, writeData } from './model-facts/merge.ts'
import { readModelsDev } from './model-facts/models-dev.ts'

interface Newer extends Found {
  readonly batchFactors: Readonly<Record<string, number>>
}

interface Given {
  readonly path: string
  readonly asOf: string
}

function given(argument: string): Given {
  const [, path, asOf] = /^(.+)@(\d{4}-\d{2}-\d{2})$/.exec(argument) ?? []
  if (path === undefined || asOf === undefined)
    throw new Error(`"${argument}" has no date: write PATH@2026-07-02, the day on which the facts held`)
  return { path, asOf }
}

async function readPackage({ path, asOf }: Given): Promise<Found> {
  const url = pathToFileURL(resolve(path, 'dist/index.js')).href
  const { findProvider } = (await import(url)) as {
    findProvider(options: { readonly providerId: string }): GenaiProvider | undefined
  }
  const found = providerNames.map((providerId) => findProvider({ providerId }))
  return readGenaiPrices([...new Set(found.filter((provider) => provider !== undefined))], asOf)
}

async function readList(argument: string): Promise<Found> {
  const [, provider = '', rest = ''] = /^([^=]+)=(.+)$/.exec(argument) ?? []
  const { path, asOf } = given(rest)
  const models = JSON.parse(await readFile(path, 'utf8')) as readonly Facts[]
  const facts = models.map((model) => ({ ...model, provider }))
  return { source: { name: `model list of ${provider}`, asOf }, facts }
}

function withFactors(rows: readonly ModelFacts[], factors: Newer['batchFactors']): readonly ModelFacts[] {
  return rows.map((facts) => {
    const batchFactor = factors[facts.provider]
    if (batchFactor === undefined || facts.prices === undefined) return facts
    return { ...facts, prices: facts.prices.map((prices) => ({ batchFactor, ...prices })) }
  })
}

const { values } = parseArgs({
  options: {
    'models-dev': { type: 'string', multiple: true, default: [] },
    'genai-prices': { type: 'string', multiple: true, default: [] },
    litellm: { type: 'string', multiple: true, default: [] },
    list: { type: 'string', multiple: true, default: [] },
  },
})
const newer = JSON.parse(await readFile(join(root, 'scripts/model-facts/newer.json'), 'utf8')) as Newer
const text = ({ path }: Given): Promise<string> => readFile(path, 'utf8')
const found: Found[] = [newer]
for (const file of values['models-dev'].map(given)) found.push(readModelsDev(await text(file), file.asOf))
for (const folder of values['genai-prices'].map(given)) found.push(await readPackage(folder))
for (const file of values.litellm.map(given)) found.push(readLitellm(await text(file), file.asOf))
for (const argument of values.list) found.push(await readList(argument))

const rows = withFactors(mergeFacts(found), newer.batchFactors)
await writeFile(join(root, 'src/models/data.ts'), writeData(rows))
for (const { source, facts } of found) console.log(`${source.name} (${source.asOf}): ${facts.length} models`)
console.log(`src/models/data.ts: ${rows.length} rows`)
