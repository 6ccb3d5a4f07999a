/** A hostile template and its allowed outcomes. */
export interface Attack {
  readonly name: string
  readonly template: string
  /** Created for each run. */
  readonly data?: (() => Record<string, unknown>) | undefined
  /** Harmless outputs. Without them, only `template-failed` is allowed. */
  readonly harmless?: readonly string[] | undefined
}

/** Attacks that must be refused. */
export function refused(name: string, ...templates: readonly string[]): Attack[] {
  return templates.map((template, index) => ({ name: `${name} ${index + 1}`, template }))
}

/** Attacks that may also give a harmless output. */
export function empty(name: string, ...templates: readonly string[]): Attack[] {
  return refused(name, ...templates).map((attack) => ({ ...attack, harmless: [''] }))
}

/** The same attacks with data. */
export function withData(data: () => Record<string, unknown>, attacks: readonly Attack[]): Attack[] {
  return attacks.map((attack) => ({ ...attack, data }))
}

/** What a template with the mark of a success would print, were its code run. */
export const LOOT = '1337'
export const CODE = 'return 7 * 191'
