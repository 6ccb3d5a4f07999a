import { LlmError } from 'llm-switchyard'
import type { CallerAccess, Authorize } from 'llm-switchyard/http'

/**
 * Decides who may call: `GATEWAY_KEYS="alice:key-of-alice,root:another-key:admin"`. Clients send their key as to
 * OpenAI (`Authorization: Bearer`) or Anthropic (`x-api-key`). Without the variable, every request is accepted.
 */
export function authorizeBy(keys: string | undefined): Authorize {
  if (keys === undefined || keys === '') return 'open'
  const people = new Map<string, CallerAccess>()
  for (const entry of keys.split(',')) {
    const [userId, key, role] = entry.trim().split(':')
    if (key !== undefined && key !== '') people.set(key, { userId, role })
  }
  return ({ headers }) => {
    const key = headers.get('x-api-key') ?? headers.get('authorization')?.replace(/^Bearer\s+/i, '')
    const access = people.get(key ?? '')
    if (access === undefined) throw new LlmError('unauthorized', 'unknown API key')
    return access
  }
}
