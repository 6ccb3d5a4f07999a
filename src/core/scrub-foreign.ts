import { LlmError } from './error.ts'
import { HIDDEN, scrubSecrets } from './scrub-secrets.ts'

const MAX_LENGTH = 500
const PASSWORDS =
  /\b((?:pass(?:word|wd)?|pwd|secret|token|api[-_ ]?key|authorization)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&"']+)/gi
// Addresses inside an application: of other schemes, with credentials, and of private networks.
const ADDRESSES: readonly RegExp[] = [
  /\b(?!https?:)[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi,
  /\bhttps?:\/\/[^\s/"'<>@]*@[^\s"'<>]*/gi,
  /\b(?:https?:\/\/)?(?:localhost|127(?:\.\d{1,3}){3}|10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|169\.254(?:\.\d{1,3}){2})(?::\d+)?(?:\/[^\s"'<>]*)?/gi,
]

/** Text in place of an address. */
const ADDRESS = '[address]'

/**
 * What a model and a page may see of something that a host's function threw: its first line, at most 500 characters, without
 * keys, passwords and inner addresses. Of an `LlmError` with a status from 500: its kind alone. Never throws.
 */
export function publicReason(error: unknown): string {
  if (LlmError.is(error) && error.httpStatus >= 500) return `it failed: ${error.kind}`
  const [line = ''] = messageOf(error).trimStart().split('\n')
  let clean = line.slice(0, 4 * MAX_LENGTH)
  for (const address of ADDRESSES) clean = clean.replace(address, ADDRESS)
  clean = scrubSecrets(clean).replace(PASSWORDS, (_match, lead: string) => lead + HIDDEN)
  if (clean.length > MAX_LENGTH) clean = `${clean.slice(0, MAX_LENGTH)}…`
  return clean === '' ? 'it failed without a reason' : clean
}

/** All that an error tells of itself, for the log of the application alone. Never throws. */
export function fullReason(error: unknown): string {
  return error instanceof Error && typeof error.stack === 'string' ? error.stack : messageOf(error)
}

function messageOf(error: unknown): string {
  try {
    const told: unknown = error instanceof Error ? error.message : error
    return String(told)
  } catch {
    return ''
  }
}
