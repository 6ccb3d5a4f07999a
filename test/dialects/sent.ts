import { parseRequest, type ParsedRequest } from '../../src/core/parse-request.ts'
import type { Quirks } from '../../src/core/dialect.ts'
import type { JsonDraft, JsonObject } from '../../src/core/json.ts'
import type { Message } from '../../src/core/message.ts'
import type { ProviderDefinition } from '../../src/core/provider.ts'
import { createRegistry, type Target } from '../../src/core/registry.ts'
import type { ChatRequest, Settings } from '../../src/core/request.ts'
import type { Warning } from '../../src/core/response.ts'
import { renderRequest } from '../../src/exchange/render-request.ts'
import * as schemas from '../../src/core/fit/schemas.ts'

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
  const quirks = { ...target.quirks, ...options.quirks }
  // Fields of every request of the provider are not what these tests are about.
  const admitted = parseRequest({ messages, ...settings })
  return rendered({ ...target, quirks, body: undefined }, { ...admitted, stream })
}

/** The messages of a history as a dialect writes them, with nothing else in the request. */
export function renderWith(
  dialect: ProviderDefinition['dialect'],
  messages: readonly Message[],
  quirks: Quirks = {},
): Sent {
  return rendered(targetOf(dialect, quirks), { messages, settings: {}, stream: false })
}

/** A target of a provider that has nothing but a dialect. */
export function targetOf(dialect: ProviderDefinition['dialect'], quirks: Quirks = {}): Target {
  const provider = { id: 'some', name: 'Some', dialect, auth: { type: 'none' }, quirks } as const
  return createRegistry([provider]).resolve({ provider: 'some', model: 'some-model' })
}

/** The body of a request to `target`, and its warnings. */
export function rendered(
  target: Target,
  request: Pick<ParsedRequest, 'messages' | 'settings'> & { readonly stream: boolean },
): Sent & { readonly raw: readonly Warning[] } {
  const { body, warnings } = renderRequest({
    ...request,
    target,
    extraBody: undefined,
    onUnsupported: 'warn',
    warnings: undefined,
    schemas,
  })
  return { body: written(body), warnings: warnings.map(told), raw: warnings }
}

function told({ setting = 'messages', message }: Warning): string {
  return `${setting}: ${message}`
}

// As it goes over the wire: what is undefined is not there.
function written(body: JsonDraft): JsonObject {
  return JSON.parse(JSON.stringify(body)) as JsonObject
}
