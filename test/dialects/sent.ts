import { parseRequest } from '../../src/core/parse-request.ts'
import type { Quirks } from '../../src/core/dialect.ts'
import type { JsonDraft, JsonObject } from '../../src/core/json.ts'
import type { Message } from '../../src/core/message.ts'
import { applyParams } from '../../src/core/params.ts'
import type { ProviderDefinition } from '../../src/core/provider.ts'
import { createRegistry } from '../../src/core/registry.ts'
import type { ChatRequest, Settings } from '../../src/core/request.ts'
import type { Warning } from '../../src/core/response.ts'

export interface Sent {
  readonly body: JsonObject
  /** `setting: message`; messages that are about no setting begin with `messages`. */
  readonly warnings: readonly string[]
}

export interface SendOptions {
  readonly model: string
  readonly api?: string
  readonly quirks?: Quirks
  readonly messages?: ChatRequest['messages']
  readonly stream?: boolean
}

/** The body that a provider's map and dialect make of settings, as the exchange makes it. */
export function sendTo(provider: ProviderDefinition, settings: Settings, options: SendOptions): Sent {
  const { model, api, messages = [{ role: 'user', content: 'hi' }], stream = false } = options
  const target = createRegistry([provider]).resolve({ provider: provider.id, model, api })
  const { dialect } = target
  const quirks = { ...target.quirks, ...options.quirks }
  const admitted = parseRequest({ messages, ...settings })
  const body: JsonDraft = {}
  const warnings = applyParams(admitted.settings, { ...target, quirks, encode: dialect.encode }, body)
  const rest = { settings: admitted.settings, messages: admitted.messages, warnings }
  dialect.render({ model, stream, quirks, ...rest }, body)
  return { body: written(body), warnings: warnings.map(told) }
}

/** The messages of a history as a dialect writes them, with nothing else in the request. */
export function renderWith(
  dialect: ProviderDefinition['dialect'],
  messages: readonly Message[],
  quirks: Quirks = {},
): Sent {
  const body: JsonDraft = {}
  const warnings: Warning[] = []
  dialect.render({ model: 'some-model', messages, settings: {}, stream: false, quirks, warnings }, body)
  return { body: written(body), warnings: warnings.map(told) }
}

function told({ setting = 'messages', message }: Warning): string {
  return `${setting}: ${message}`
}

// As it goes over the wire: what is undefined is not there.
function written(body: JsonDraft): JsonObject {
  return JSON.parse(JSON.stringify(body)) as JsonObject
}
