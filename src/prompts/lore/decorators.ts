/** What the decorators of an entry say, by the names of the card format. */
export type Decorators = ReadonlyMap<string, string>

// The value is checked, because the fallback replaces an invalid decorator.
const KNOWN: Readonly<Record<string, RegExp>> = {
  activate_only_after: /^\d{1,9}$/,
  activate_only_every: /^[1-9]\d{0,8}$/,
  depth: /^-?\d{1,9}$/,
  role: /^(?:assistant|system|user)$/,
  scan_depth: /^\d{1,9}$/,
  is_greeting: /^\d{1,9}$/,
  position: /^(?:after_desc|before_desc|personality|scenario)$/,
  additional_keys: /\S/,
  exclude_keys: /\S/,
  activate: /^/,
  dont_activate: /^/,
}

/**
 * Splits the content of an entry into its leading decorators and the rest. A decorator that is unknown or invalid is left
 * out, or replaced by the first known one of its fallbacks (`@@@`). Of decorators of one name, the first counts.
 */
export function readDecorators(content: string): { readonly decorators: Decorators; readonly text: string } {
  const decorators = new Map<string, string>()
  const lines = content.split(/\r?\n/)
  let at = 0
  let isOpen = false
  for (; at < lines.length; at++) {
    const line = lines[at]?.trim() ?? ''
    if (line === '' && at < lines.length - 1) continue
    const [, fallback, name = '', value = ''] = /^@@(@?)([a-z_0-9]{1,60})(?:\s+(.*))?$/i.exec(line) ?? []
    if (fallback === undefined) break
    if (fallback === '@' && !isOpen) continue
    const isValid = Object.hasOwn(KNOWN, name) && KNOWN[name]?.test(value.trim()) === true
    isOpen = !isValid
    if (isValid && !decorators.has(name)) decorators.set(name, value.trim())
  }
  const hasAny = lines.slice(0, at).some((line) => line.trim() !== '')
  return { decorators, text: hasAny ? lines.slice(at).join('\n').trim() : content }
}
