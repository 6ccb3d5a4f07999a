import { throwInvalidRequest } from './error.ts'
import type { Message } from './message.ts'
import { normalizeMessage, readInstructions } from './normalize-message.ts'
import { checkRequest, isPlainMessage } from './request-schema.ts'
import type { ChatRequest } from './request.ts'
import { resolveSettings } from './settings.ts'
import type { ResolvedSettings } from './resolved-settings.ts'

/** A checked request in normalized form. */
export interface ParsedRequest {
  readonly request: ChatRequest
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
}

/** Checks a request and normalizes it. Throws `invalid-request` with the path of everything that is wrong. */
export function parseRequest(input: unknown): ParsedRequest {
  const request = checkRequest(input)
  const messages: Message[] = []
  const { system } = request
  if (typeof system === 'string' && system !== '') messages.push({ role: 'system', content: system })
  if (typeof system === 'object') messages.push(...readInstructions('system', system))
  if (request.messages.length === 0)
    throwInvalidRequest('messages', 'is empty: add at least one user message')
  for (let at = 0; at < request.messages.length; at++) {
    const message = request.messages[at] as ChatRequest['messages'][number]
    if (isPlainMessage(message)) messages.push({ role: message.role, content: message.content })
    else messages.push(...normalizeMessage(message, `messages.${at}`))
  }
  return { request, messages, settings: resolveSettings(request) }
}
