import { Dict, isList, type List, type Run, type Value } from './value.ts'

// Maximum nesting of a list that is printed.
const MAX_LIST_DEPTH = 64

/** Converts a value to output text. Undefined and none give the empty text. */
export function outputText(run: Run, value: Value): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : textOf(run, value)
}

/** Converts a value to text as JavaScript does, and charges the run. A macro gives the empty text. */
export function textOf(run: Run, value: Value): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === undefined) return 'undefined'
  if (value === null) return 'null'
  if (isList(value)) return joinTexts(run, value, ',')
  return value instanceof Dict ? '[object Object]' : ''
}

/** Joins the texts of a list, nested lists included, with `delimiter`. */
export function joinTexts(run: Run, list: List, delimiter: string): string {
  return join(run, list, delimiter, 0)
}

function join(run: Run, list: List, delimiter: string, depth: number): string {
  if (depth > MAX_LIST_DEPTH)
    run.fail(`a list is nested more than ${MAX_LIST_DEPTH} deep; print its items separately`)
  run.spend(list.length)
  let text = ''
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    if (index > 0) text += delimiter
    text += isList(item) ? join(run, item, ',', depth + 1) : outputText(run, item)
    run.checkLength(text.length)
  }
  return run.chargeOutput(text)
}

/** Converts a value to a number as JavaScript does. */
export function numberOf(run: Run, value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') {
    run.chargeRead(value)
    return Number(value)
  }
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === null) return 0
  return isList(value) ? numberOf(run, textOf(run, value)) : Number.NaN
}

/** Converts a value to a field name. Fails the run if the name is longer than `maxKeyChars`. */
export function keyOf(run: Run, value: Value): string {
  const key = textOf(run, value)
  const { maxKeyChars } = run.limits
  if (key.length > maxKeyChars)
    run.exceeded(`a field name is longer than ${maxKeyChars} characters`, 'maxKeyChars')
  return key
}

/**
 * Copies a text into one contiguous string. The tokenizer concatenates character by character, and V8 would walk
 * through all the pieces of such a string on each further concatenation.
 */
export function flatText(text: string): string {
  const copy: unknown = JSON.parse(JSON.stringify(text))
  return typeof copy === 'string' ? copy : text
}
