import { parseRequest } from '../../src/core/parse-request.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { createRegistry, type Registry } from '../../src/core/registry.ts'
import type { ChatRequest, Settings } from '../../src/core/request.ts'
import type { AnthropicMessagesQuirks } from '../../src/dialects/anthropic-messages/index.ts'
import { anthropic } from '../../src/providers/anthropic.ts'
import { rendered } from './sent.ts'

export const MODEL = 'claude-sonnet-4-5'
export const registry: Registry = createRegistry([anthropic])
export const tools: readonly [{ readonly name: string; readonly parameters: JsonObject }] = [
  { name: 'look', parameters: { type: 'object', properties: { at: { type: 'string' } } } },
]

export interface Sent {
  readonly body: JsonObject
  /** `type setting: message`. */
  readonly warnings: readonly string[]
}

interface SendOptions {
  readonly model?: string
  readonly quirks?: AnthropicMessagesQuirks
  readonly messages?: ChatRequest['messages']
}

/** The body that settings make, as the exchange makes it. */
export function send(settings: Settings, { model = MODEL, quirks, messages }: SendOptions = {}): Sent {
  const target = registry.resolve({ provider: 'anthropic', model })
  const merged = { ...target.quirks, ...quirks }
  const admitted = parseRequest({ messages: messages ?? [{ role: 'user', content: 'hi' }], ...settings })
  const { body, raw } = rendered({ ...target, quirks: merged }, { ...admitted, stream: false })
  return { body, warnings: raw.map(({ type, setting, message }) => `${type} ${setting}: ${message}`) }
}

export const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] } as const
