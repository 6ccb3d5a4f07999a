import { outputText } from '../text.ts'
import { Dict, isList, type List, type Run, type Value } from '../value.ts'

/** A filter: its function, and the names of its further parameters in order. */
export interface Filter {
  readonly parameters: readonly string[]
  readonly apply: (run: Run, input: Value, args: List) => Value
}

/** Filters by name. */
export type FilterTable = Readonly<Record<string, Filter>>

/** Creates a {@link Filter}. */
export function filter(apply: Filter['apply'], ...parameters: readonly string[]): Filter {
  return { parameters, apply }
}

/** Returns the input of a text filter. Undefined, none and false give the empty text. */
export function textInput(run: Run, value: Value): string {
  if (typeof value === 'string') return run.chargeInput(value)
  return value === false ? '' : run.chargeInput(outputText(run, value))
}

/** Returns the input of a list filter. A text gives its characters; any other value gives an empty list. */
export function listInput(run: Run, value: Value): List {
  if (isList(value)) {
    run.spend(value.length)
    return value
  }
  if (typeof value !== 'string') return []
  const text = run.chargeInput(value)
  run.spend(text.length)
  return text.split('')
}

/** Like {@link listInput}, but fails for values that are neither list, text, undefined nor none. */
export function listOnly(run: Run, value: Value, name: string): List {
  const holds = isList(value) || typeof value === 'string' || value === undefined || value === null
  return holds ? listInput(run, value) : run.fail(`the filter \`${name}\` needs a list or text`)
}

/** Returns the names and values of a dict. */
export function entriesOf(run: Run, dict: Dict): [string, Value][] {
  const names = Object.keys(dict)
  run.spend(names.length)
  return names.map((name) => [name, dict[name]])
}

/** Creates a dict from names and values. */
export function dictOf(entries: Iterable<readonly [string, Value]>): Dict {
  const dict = new Dict()
  for (const [name, value] of entries) dict[name] = value
  return dict
}
