import { throwInvalidRequest } from './error.ts'
import { lostFieldWarnings } from './lost-fields.ts'
import type { Message } from './message.ts'
import { normalizeMessage, readInstructions } from './normalize-message.ts'
import type { Warning } from './response.ts'
import { checkRequest, isPlainMessage } from './request-schema.ts'
import type { ChatRequest } from './request.ts'
import { isVendorTool, resolveSettings } from './settings.ts'
import type { ResolvedSettings } from './resolved-settings.ts'

/** A checked request in normalized form. */
export interface ParsedRequest {
  readonly request: ChatRequest
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  /** Warnings about unknown fields inside of the request; absent if there are none. */
  readonly warnings?: readonly Warning[] | undefined
}

/** Checks a request and normalizes it. Throws `invalid-request` with the path of everything that is wrong. */
export function parseRequest(input: unknown): ParsedRequest {
  const lost: string[] = []
  const request = checkRequest(input, lost)
  const messages: Message[] = []
  const { system } = request
  if (typeof system === 'string' && system !== '') messages.push({ role: 'system', content: system })
  if (typeof system === 'object')
    messages.push(...readInstructions('system', system, { path: 'system', lost }))
  if (request.messages.length === 0)
    throwInvalidRequest('messages', 'is empty: add at least one user message')
  for (let at = 0; at < request.messages.length; at++) {
    const message = request.messages[at] as ChatRequest['messages'][number]
    if (isPlainMessage(message)) messages.push({ role: message.role, content: message.content })
    else messages.push(...normalizeMessage(message, `messages.${at}`, lost))
  }
  const settings = resolveSettings(splitTools(request), lost)
  return { request, messages, settings, warnings: lost.length === 0 ? undefined : lostFieldWarnings(lost) }
}

// Tools of a provider's own form among the caller's.
function splitTools(request: ChatRequest): ChatRequest {
  const { tools, serverTools = [] } = request
  if (tools?.some(isVendorTool) !== true) return request
  const raw = (tools as readonly unknown[]).filter(isVendorTool).map((tool) => ({ raw: tool }))
  return {
    ...request,
    tools: tools.filter((tool) => !isVendorTool(tool)),
    serverTools: [...serverTools, ...raw],
  }
}
