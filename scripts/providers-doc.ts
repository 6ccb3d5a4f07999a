import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Dialect } from '../src/core/dialect.ts'
import { listOf } from '../src/core/json.ts'
import { explainParams, mergeParams, type ParamExplanation } from '../src/core/params.ts'
import type { ModelCapabilities, ProviderDefinition } from '../src/core/provider.ts'
import { createRegistry, type Registry, type Target } from '../src/core/registry.ts'
import { catalogue } from '../src/providers/index.ts'
import { root } from './entries.ts'

/** Path of the page. */
export const providersPage: string = join(root, 'docs/providers.md')

/** Renders the page about every built-in provider from the catalogue. */
export function providersDoc(definitions: readonly ProviderDefinition[] = catalogue): string {
  const registry = createRegistry(definitions)
  const rows = definitions.map((definition) => overviewRow(definition, registry))
  const pages = definitions.map((definition) => providerSection(definition, registry))
  const byId = new Map(definitions.map(({ dialect }) => [dialect.id, dialect]))
  const dialects = [...byId.values()].map(dialectSection)
  const table = [...OVERVIEW_HEAD, ...rows].join('\n')
  return `${[HEAD, table, FOOT, ...dialects, '## Provider by provider', ...pages].join('\n\n')}\n`
}

function dialectSection({ id, params }: Dialect): string {
  const dropped = explainParams(params).filter(({ action }) => action === 'dropped')
  const rows = dropped.map(({ setting, why = '' }) => `| ${code(setting)} | ${cell(why)} |`)
  const table = ['| setting | why |', '| --- | --- |', ...rows].join('\n')
  return `### Dialect ${id}\n\n${rows.length === 0 ? 'Supports every setting.' : table}`
}

const HEAD = `# Providers

\`npm run docs:providers\` generates this page from the catalogue in \`src/providers\`; a test checks that it is current. At run time, \`registry.explain('groq', 'model-id')\` lists the settings that a call would lose or change, and \`registry.resolve({ provider, model }).capabilities\` the capabilities of a model.

Every provider streams. *by model* means that models differ: see the provider's section. *passed on* means that the catalogue has no information about the models: the request is sent unchanged, and the provider decides. *by instruction* means that the JSON schema is sent to the model as an instruction, with a warning. Tables of models list known differences; the provider's own settings apply to all other models.`

const FOOT = `## What a dialect drops

A dropped or changed setting adds a warning to the response. With \`onUnsupported: 'error'\` the call rejects before anything is sent. The settings below do not exist in a wire format; the section of a provider that supports one nevertheless lists it. All other settings are sent under the format's own name, unless the provider's section says otherwise.`

const COLUMNS = [
  'provider',
  'dialect',
  'key',
  'tools',
  'JSON schema',
  'images',
  'reasoning',
  'embeddings',
  'moderation',
  'model list',
]
const OVERVIEW_HEAD = [`| ${COLUMNS.join(' | ')} |`, `|${' --- |'.repeat(COLUMNS.length)}`]

function overviewRow(definition: ProviderDefinition, registry: Registry): string {
  const { id, name, dialect } = definition
  const targets = targetsOf(definition, registry)
  const cells = [
    `[${name}](#${id.replaceAll('.', '')}) \`${id}\``,
    dialect.id,
    keyWord(definition),
    sum(targets.map((target) => sends(target, 'tools', target.capabilities.tools))),
    sum(targets.map(schemaWord)),
    sum(
      targets.map(({ capabilities: traits }) =>
        traits.images === undefined ? 'passed on' : word(traits.images),
      ),
    ),
    sum(targets.map((target) => sends(target, 'reasoning', target.capabilities.reasoning))),
    word(
      (definition.embeddings === undefined ? dialect.embeddings : definition.embeddings) !== undefined &&
        definition.embeddings !== null,
    ),
    word((definition.moderation ?? dialect.moderation ?? null) !== null && definition.moderation !== null),
    word((definition.modelList ?? dialect.models ?? null) !== null && definition.modelList !== null),
  ]
  return `| ${cells.join(' | ')} |`
}

/** An unknown model, and one of each family with known capabilities. */
function targetsOf({ id, models = {} }: ProviderDefinition, registry: Registry): readonly Target[] {
  const families = Object.keys(models).filter((pattern) => pattern !== '*')
  return ['some-model', ...families.map((pattern) => pattern.replaceAll('*', 'x'))].map((model) =>
    registry.resolve({ provider: id, model, api: '' }),
  )
}

function sends({ params }: Target, setting: 'tools' | 'reasoning', said: boolean | undefined): string {
  const rule = params[setting]
  const sent = rule !== undefined && rule.drop === undefined && rule.to !== undefined
  return word(sent || (setting === 'reasoning' && said === true))
}

function schemaWord({ params, capabilities: traits }: Target): string {
  const rule = params.responseFormat
  if (rule === undefined || rule.drop !== undefined) return 'no'
  return traits.jsonSchema === false ? 'by instruction' : 'yes'
}

function word(yes: boolean): string {
  return yes ? 'yes' : 'no'
}

/** One word if all models agree, else `by model`. Models without information are ignored. */
function sum(words: readonly string[]): string {
  const known = new Set(words.filter((each) => each !== 'passed on'))
  if (known.size === 0) return 'passed on'
  return known.size === 1 && known.size === new Set(words).size ? (words[0] ?? '') : 'by model'
}

function keyWord({ auth, keyRequired }: ProviderDefinition): string {
  if (auth.type === 'none') return 'none'
  return keyRequired === false ? 'optional' : 'needed'
}

function providerSection(definition: ProviderDefinition, registry: Registry): string {
  const { id, docs, verifiedOn: checked, unverified } = definition
  const facts = [
    `Base URL: ${definition.baseUrl === undefined ? 'required in the options' : code(definition.baseUrl)}${variables(definition)}`,
    `Key: ${authWords(definition)}`,
    ...apiFacts(definition),
    ...(definition.namespacedModels === true ? ['Model ids contain a slash and are sent whole.'] : []),
    ...(definition.defaultModel === undefined ? [] : [`Default model: ${code(definition.defaultModel)}.`]),
    ...(definition.body === undefined
      ? []
      : [`Sent with every request: ${code(JSON.stringify(definition.body))}.`]),
    `Checked ${checked ?? 'never'} against ${docs ?? 'no reference'}.`,
    ...(unverified === undefined ? [] : [`Not verified: ${unverified}.`]),
  ]
  const anyModel = registry.resolve({ provider: id, model: 'some-model', api: '' })
  const changes = changesOf(definition, explainParams(anyModel.params))
  const parts = [
    `### ${id}`,
    facts.map((fact) => `- ${fact}`).join('\n'),
    ...(changes.length === 0 ? [] : [changeTable(changes)]),
    ...modelTable(definition, registry),
  ]
  return parts.join('\n\n')
}

function variables({ variables: known = {}, query = {} }: ProviderDefinition): string {
  const said = Object.entries(known).flatMap(([name, { env = [], default: fallbackValue, from }]) => {
    if (from !== undefined) return []
    const sources = env.map(code).join(' or ')
    const fallback = fallbackValue === undefined ? '' : `, default ${code(fallbackValue)}`
    return [`${code(`{${name}}`)} from ${sources || '`variables`'}${fallback}`]
  })
  const asked = Object.entries(query).map(([name, value]) => code(`?${name}=${value}`))
  return [...(said.length === 0 ? [] : [`; ${said.join('; ')}`]), ...asked].join('; ')
}

function authWords({ auth, env = [], keyRequired }: ProviderDefinition): string {
  if (auth.type === 'none') return 'none is sent'
  const how = {
    bearer: () => '`Authorization: Bearer`',
    header: () =>
      auth.type === 'header'
        ? `header ${code(auth.name)}${auth.tokens === undefined ? '' : ', a token as `Authorization: Bearer`'}`
        : '',
    sigv4: () => 'requests are signed (AWS, version 4), or the key is sent as `Authorization: Bearer`',
  }[auth.type]()
  const names = env.length === 0 ? '' : `, from ${env.map(code).join(', ')}`
  return `${how}${names}${keyRequired === false ? '; optional' : ''}`
}

function apiFacts({ api: usual, apis = {}, models = {}, baseUrl }: ProviderDefinition): string[] {
  return Object.entries(apis).map(([name, api]) => {
    const of = Object.keys(models).filter((pattern) => models[pattern]?.api === name)
    const whose = of.length === 0 ? '' : ` for ${of.map(code).join(', ')}`
    const chosen = usual === name || of.length > 0 ? ` Default of chat calls${whose}.` : ''
    const place = api.baseUrl === undefined || api.baseUrl === baseUrl ? '' : ` at ${code(api.baseUrl)}`
    return `${code(`api: '${name}'`)} speaks ${api.dialect.id}${place}.${chosen}`
  })
}

interface Change {
  readonly setting: string
  readonly what: string
}

/** The settings that the provider sends in another way than its dialect. */
function changesOf({ dialect }: ProviderDefinition, explained: readonly ParamExplanation[]): Change[] {
  const usual = new Map(explainParams(mergeParams(dialect.params)).map((each) => [each.setting, each]))
  return explained.flatMap((each) => {
    const what = describe(each)
    const before = usual.get(each.setting)
    if (before !== undefined && describe(before) === what) return []
    return [{ setting: each.setting, what }]
  })
}

function describe({ action, to, why, clamp, fixed, required }: ParamExplanation): string {
  if (action === 'dropped') return `dropped: ${why ?? ''}`
  if (action === 'converted') return `a schema is sent as a tool or an instruction: ${why ?? ''}`
  const bounds = clamp === undefined ? '' : `, ${bound(clamp)}`
  const preset = required === undefined ? '' : `, ${code(JSON.stringify(required))} if not set`
  const only = fixed === undefined ? '' : `, always ${code(JSON.stringify(fixed))}`
  return `${code(to ?? '')}${bounds}${preset}${only}`
}

function bound([least, most]: readonly [number, number]): string {
  return most === Infinity || most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `${least} to ${most}`
}

function changeTable(changes: readonly Change[]): string {
  const rows = changes.map(({ setting, what }) => `| ${code(setting)} | ${cell(what)} |`)
  return ['| setting | on the wire |', '| --- | --- |', ...rows].join('\n')
}

function modelTable({ id, models = {} }: ProviderDefinition, registry: Registry): string[] {
  const usual = settingWords(registry.resolve({ provider: id, model: 'some-model', api: '' }))
  // Families with the same capabilities share a row.
  const rows = new Map<string, string[]>()
  for (const pattern of Object.keys(models)) {
    const target = registry.resolve({ provider: id, model: pattern.replaceAll('*', 'x'), api: '' })
    const { capabilities: traits, quirks } = target
    const cells = [
      tokens(traits.contextWindow),
      tokens(traits.maxOutput),
      marks(traits),
      differences(usual, settingWords(target)),
      listOf(quirks['efforts']).join(', '),
    ]
    const known = cells.join(' | ')
    rows.set(known, [...(rows.get(known) ?? []), code(pattern)])
  }
  if (rows.size === 0) return []
  const head = '| models | context | answer | known | settings | efforts |'
  const lines = [...rows].map(([known, patterns]) => `| ${patterns.join(', ')} | ${known} |`)
  return [[head, '| --- | --- | --- | --- | --- | --- |', ...lines].join('\n')]
}

function settingWords({ params }: Target): ReadonlyMap<string, string> {
  return new Map(
    explainParams(params).map(({ setting, action, to }) => [
      setting,
      action === 'converted' ? 'tool or instruction' : action === 'dropped' ? 'dropped' : (to ?? ''),
    ]),
  )
}

function differences(usual: ReadonlyMap<string, string>, own: ReadonlyMap<string, string>): string {
  const changed = [...own].filter(([setting, what]) => usual.get(setting) !== what)
  const dropped = changed.flatMap(([setting, what]) => (what === 'dropped' ? [setting] : []))
  const sent = changed.flatMap(([setting, what]) =>
    what === 'dropped' ? [] : [`${setting} as ${code(what)}`],
  )
  return [...(dropped.length === 0 ? [] : [`no ${dropped.join(', ')}`]), ...sent].join('; ')
}

function marks(traits: ModelCapabilities): string {
  const names = ['images', 'tools', 'jsonSchema', 'reasoning'] as const
  const said = names.flatMap((name) => {
    const value = traits[name]
    return value === undefined ? [] : [value ? name : `no ${name}`]
  })
  return said.join(', ')
}

function tokens(count: number | undefined): string {
  return count === undefined ? '' : count.toLocaleString('en').replaceAll(',', ' ')
}

function code(text: string): string {
  return `\`${text}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

// Writes the page when run as a script; a test imports the functions.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync(providersPage, providersDoc())
