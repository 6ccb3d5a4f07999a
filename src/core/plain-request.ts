import { isObject } from './json.ts'
import type { Message } from './message.ts'
import type { ResolvedSettings } from './params.ts'
import { BASE_URL, isSignal, NUMBER_RULES, type NumberRule } from './request-rules.ts'
import type { ChatRequest } from './request.ts'
import { Secret } from './secret.ts'

/** A request behind the door: checked once, one shape for everything. */
export interface ParsedRequest {
  readonly request: ChatRequest
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
}

/**
 * Admits a request that holds only what most hold: turns of plain text, names, numbers in range, a way to the provider.
 * Gives what the door would give; `undefined` for every other request, which is then the door's. An ordinary call needs
 * no schema, and the library for them, most of what this package costs to load, stays unloaded.
 */
export function parsePlainRequest(input: unknown): ParsedRequest | undefined {
  if (!isObject(input)) return undefined
  for (const name of Object.keys(input)) {
    const isPlain = PLAIN.get(name)
    const value = input[name]
    if (isPlain === undefined || (value !== undefined && !isPlain(value))) return undefined
  }
  const checked = input as unknown as ChatRequest
  const messages = readTurns(checked.messages, checked.system)
  if (messages === undefined) return undefined
  const { maxTokens, temperature, topP, topK, minP, stop, seed } = checked
  const { frequencyPenalty, presencePenalty, repetitionPenalty, n, user } = checked
  const settings = {
    maxTokens,
    temperature,
    topP,
    topK,
    minP,
    seed,
    frequencyPenalty,
    presencePenalty,
    repetitionPenalty,
    n,
    user,
    stop: typeof stop === 'string' ? [stop] : undefined,
  }
  return { request: checked, messages, settings }
}

/** True for a turn that is a role and a text, and nothing else. */
export function isPlainMessage(turn: unknown): boolean {
  if (!isObject(turn) || typeof turn['content'] !== 'string') return false
  return PLAIN_ROLES.has(turn['role']) && Object.keys(turn).length === 2
}
const PLAIN_ROLES: ReadonlySet<unknown> = new Set(['system', 'developer', 'user', 'assistant'])

function readTurns(
  turns: ChatRequest['messages'] | undefined,
  system: string | undefined,
): Message[] | undefined {
  if (turns === undefined || turns.length === 0) return undefined
  const messages: Message[] = []
  if (system !== undefined && system !== '') messages.push({ role: 'system', content: system })
  for (const turn of turns) {
    if (!isPlainMessage(turn)) return undefined
    const { role, content } = turn as { role: 'user'; content: string }
    messages.push({ role, content })
  }
  return messages
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isFunction = (value: unknown): boolean => typeof value === 'function'
const isYesOrNo = (value: unknown): boolean => typeof value === 'boolean'
const oneOf =
  (...words: readonly string[]) =>
  (value: unknown): boolean =>
    words.includes(value as string)
const isThing = (value: unknown): boolean => typeof value === 'object' && value !== null

// The fields of an ordinary request, and what is ordinary in them.
const PLAIN: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['messages', Array.isArray],
  ['provider', isText],
  ['model', isText],
  ['api', isText],
  ['system', isText],
  ['user', isText],
  ['userId', isText],
  ['conversationId', isText],
  ['requestId', isText],
  ['apiKey', (value) => isText(value) || isFunction(value) || value instanceof Secret],
  ['baseUrl', (value) => typeof value === 'string' && BASE_URL.test(value)],
  ['stop', (value) => typeof value === 'string' && value !== ''],
  ['stream', isYesOrNo],
  ['fetch', isFunction],
  ['transport', isThing],
  ['logger', isThing],
  ['moderation', isYesOrNo],
  ['continuation', isYesOrNo],
  ['priority', oneOf('critical', 'high', 'normal', 'low')],
  ['onUnsupported', oneOf('warn', 'error', 'drop')],
  ['fallback', (value) => Array.isArray(value) && value.every((model) => isText(model) && model !== '')],
  ['tags', (value) => isObject(value) && Object.values(value).every(isText)],
  ['onAdmitted', isFunction],
  ['onEnd', isFunction],
  ['signal', isSignal],
  ...Object.entries(NUMBER_RULES).map(
    ([name, rule]) => [name, (value: unknown) => typeof value === 'number' && fits(value, rule)] as const,
  ),
])

function fits(value: number, { whole = false, min = -Infinity, max = Infinity }: NumberRule): boolean {
  return (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) && value >= min && value <= max
}
