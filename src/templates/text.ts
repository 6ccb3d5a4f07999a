import { Dict, isList, type List, type Run, type Value } from './value.ts'

// Lists of lists of lists: deeper than this they are not printed.
const DEEPEST_LIST = 64

/** What a value looks like when it is written: nothing for undefined and none. */
export function outputText(run: Run, value: Value): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : textOf(run, value)
}

/** A value as text, as JavaScript writes it; a macro has none. Charged to the run. */
export function textOf(run: Run, value: Value): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === undefined) return 'undefined'
  if (value === null) return 'null'
  if (isList(value)) return joinTexts(run, value, ',')
  return value instanceof Dict ? '[object Object]' : ''
}

/** The texts of a list, nested lists included, with `delimiter` in between. */
export function joinTexts(run: Run, list: List, delimiter: string): string {
  return join(run, list, delimiter, 0)
}

function join(run: Run, list: List, delimiter: string, depth: number): string {
  if (depth > DEEPEST_LIST) run.fail('a list is nested too deeply to be written')
  run.spend(list.length)
  let text = ''
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    if (index > 0) text += delimiter
    text += isList(item) ? join(run, item, ',', depth + 1) : outputText(run, item)
    run.fits(text.length)
  }
  return run.made(text)
}

/** A value as JavaScript would convert it to a number. */
export function numberOf(run: Run, value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') {
    run.read(value)
    return Number(value)
  }
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === null) return 0
  return isList(value) ? numberOf(run, textOf(run, value)) : Number.NaN
}

/** The text that names a field. */
export function keyOf(run: Run, value: Value): string {
  const key = textOf(run, value)
  const { maxKeyChars } = run.limits
  if (key.length > maxKeyChars)
    run.fail(`the name of a field is longer than ${maxKeyChars} characters (maxKeyChars)`)
  return key
}
