import { requestError, type Issue } from '../../../core/error.ts'
import { isObject, listOf, type JsonObject } from '../../../core/json.ts'
import { optionsSchema } from '../../../core/options.ts'
import type { ChatRequest } from '../../../core/request.ts'
import {
  anyOf,
  flag,
  listOf as fieldsOf,
  oneOf,
  positiveCount,
  text,
  type Group,
} from '../../../core/schema.ts'
import type { CallerAccess } from '../guards/index.ts'

/** What pages may choose. Default: nothing. A request that chooses anything else is rejected with `invalid-request`. */
export interface PageAllowance {
  /** Names that `model` may have; `true` for every model. `limits.models` of a caller opens its own names as well. */
  readonly models?: true | readonly string[] | undefined
  /** Sampling settings and the form of the answer; `true` for all. */
  readonly settings?: true | readonly SampledSetting[] | undefined
  /** Maximum `maxTokens`; `true` for any. With `limits.maxTokens` of a caller, larger values are reduced to that. */
  readonly maxTokens?: true | number | undefined
  /** Whether `tools`, `toolChoice` and `parallelToolCalls` are open. */
  readonly tools?: boolean | undefined
  /** Agents of the chat service that `agent` may name; `true` for all. */
  readonly agents?: true | readonly string[] | undefined
  /** Whether messages may have the role `system` or `developer`. */
  readonly system?: boolean | undefined
}

/** Settings that `allow.settings` opens. */
export type SampledSetting = (typeof SAMPLED)[number]

const SAMPLED = [
  'temperature',
  'topP',
  'topK',
  'stop',
  'seed',
  'frequencyPenalty',
  'presencePenalty',
  'reasoning',
  'responseFormat',
] as const
const TOOLS = ['tools', 'toolChoice', 'parallelToolCalls'] as const

type PageSetting = 'model' | 'maxTokens' | (typeof SAMPLED)[number] | (typeof TOOLS)[number]

/** All settings that can be opened to pages. */
export const PAGE_SETTINGS: readonly PageSetting[] = ['model', 'maxTokens', ...SAMPLED, ...TOOLS]

/** The schema of {@link PageAllowance}. */
export const pageAllowanceSchema: Group = optionsSchema<PageAllowance>()(() => ({
  models: anyOf(flag, fieldsOf(text)),
  settings: anyOf(flag, fieldsOf(oneOf(...SAMPLED))),
  maxTokens: anyOf(positiveCount, flag),
  tools: flag,
  agents: anyOf(flag, fieldsOf(text)),
  system: flag,
}))

/** The settings of a page's request. */
export type PageSettings = Partial<Pick<ChatRequest, (typeof PAGE_SETTINGS)[number]>>

/** What the host says about a page's choices. */
export interface PageRules {
  readonly allow?: PageAllowance | undefined
  /** The defaults of every call: a page may name the model that it gets anyway. */
  readonly defaults?: Partial<ChatRequest> | undefined
}

/** Adds an issue for every setting that the host has not opened. */
export function checkSettings(
  settings: PageSettings,
  { allow = {}, defaults, limits = {} }: PageRules & Pick<CallerAccess, 'limits'>,
  issues: Issue[],
): void {
  const refuse = (path: string, message: string): void => void issues.push({ path, message })
  const { model, maxTokens } = settings
  const named = [...listOf(allow.models), ...(limits.models ?? [])]
  if (model !== undefined && limits.models?.includes(model) === false)
    refuse('model', 'is not among the models that this caller may use')
  else if (
    model !== undefined &&
    allow.models !== true &&
    model !== defaults?.model &&
    !named.includes(model)
  )
    refuse('model', `is not among the models that a page may choose${opens('models')}`)
  const most = allow.maxTokens === true ? Infinity : allow.maxTokens
  if (maxTokens !== undefined && most === undefined && limits.maxTokens === undefined)
    refuse('maxTokens', `may not be chosen by a page${opens('maxTokens')}`)
  else if (typeof maxTokens === 'number' && most !== undefined && maxTokens > most)
    refuse('maxTokens', `must be at most ${most}`)
  for (const name of SAMPLED)
    if (settings[name] !== undefined && allow.settings !== true && !listOf(allow.settings).includes(name))
      refuse(name, `may not be chosen by a page${opens('settings')}`)
  for (const name of TOOLS)
    if (settings[name] !== undefined && allow.tools !== true)
      refuse(name, `may not be chosen by a page${opens('tools')}`)
}

/** The agent that a page has chosen. Throws `invalid-request` if the host has not opened it. */
export function chosenAgent(body: JsonObject, { agents }: PageAllowance = {}): string | undefined {
  const { agent } = body
  if (agent === undefined || agent === null) return undefined
  if (typeof agent === 'string' && (agents === true || listOf(agents).includes(agent))) return agent
  throw requestError([
    { path: 'agent', message: `is not among the agents that a page may choose${opens('agents')}` },
  ])
}

/** Adds an issue for every message that only the host may write, and for fields that reach a provider's body unread. */
export function checkPageMessages(
  messages: unknown,
  allow: PageAllowance | undefined,
  issues: Issue[],
): void {
  for (const [index, message] of listOf(messages).entries()) {
    if (!isObject(message)) continue
    const { role, content } = message
    if (allow?.system !== true && (role === 'system' || role === 'developer'))
      issues.push({ path: `messages.${index}.role`, message: `may not be ${role}${opens('system')}` })
    for (const [at, part] of [message, ...listOf(content)].entries())
      if (isObject(part) && part['providerOptions'] !== undefined)
        issues.push({
          path: `messages.${index}.${at === 0 ? '' : `content.${at - 1}.`}providerOptions`,
          message: 'may not be chosen by a page',
        })
    if (issues.length >= MOST_ISSUES) return
  }
}

const MOST_ISSUES = 20

function opens(name: keyof PageAllowance): string {
  return `; the host opens it with allow.${name}`
}
