import { scrubSecrets, type Secret } from '../core/secret.ts'

const MAX_DEPTH = 5

/**
 * Returns a cause that holds none of the secrets: the given one, or a copy of its name, code, message, stack and causes. A
 * printed error shows all fields of its cause, so that one with an object in a field is copied, too.
 */
export function cleanCause(cause: unknown, secrets: readonly Secret[], depth: number = 0): unknown {
  if (!(cause instanceof Error) || depth > MAX_DEPTH) return undefined
  const clean = (text: unknown): string => scrubSecrets(String(text), secrets)
  const { name, message, stack } = cause
  const inner = cleanCause(cause.cause, secrets, depth + 1)
  const fields: readonly unknown[] = [message, stack, ...(Object.values(cause) as unknown[])]
  if (
    inner === cause.cause &&
    fields.every((field) => (typeof field !== 'string' ? typeof field !== 'object' : clean(field) === field))
  )
    return cause
  const copy = new Error(clean(message), { cause: inner })
  return Object.assign(copy, { name, stack: clean(stack) })
}
