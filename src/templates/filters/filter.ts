import { outputText } from '../text.ts'
import { Dict, isList, type List, type Run, type Value } from '../value.ts'

/** A filter: what it does with its input, and its other arguments by their names, in order. */
export interface Filter {
  readonly parameters: readonly string[]
  readonly apply: (run: Run, input: Value, args: List) => Value
}

/** Filters by name. */
export type FilterTable = Readonly<Record<string, Filter>>

/** Defines a filter. */
export function filter(apply: Filter['apply'], ...parameters: readonly string[]): Filter {
  return { parameters, apply }
}

/** The input of a filter on texts. Undefined, none and false are the empty text. */
export function textInput(run: Run, value: Value): string {
  if (typeof value === 'string') return run.input(value)
  return value === false ? '' : run.input(outputText(run, value))
}

/** The input of a filter on lists: a text counts as its characters, whatever holds no items as an empty list. */
export function listInput(run: Run, value: Value): List {
  if (isList(value)) {
    run.spend(value.length)
    return value
  }
  if (typeof value !== 'string') return []
  const text = run.input(value)
  run.spend(text.length)
  return text.split('')
}

/** The same for a filter that makes no sense of anything else. Undefined and none are empty. */
export function listOnly(run: Run, value: Value, name: string): List {
  const holds = isList(value) || typeof value === 'string' || value === undefined || value === null
  return holds ? listInput(run, value) : run.fail(`the filter \`${name}\` needs a list`)
}

/** Names and values of a dict. */
export function entriesOf(run: Run, dict: Dict): [string, Value][] {
  const names = Object.keys(dict)
  run.spend(names.length)
  return names.map((name) => [name, dict[name]])
}

/** A dict of these names and values. */
export function dictOf(entries: Iterable<readonly [string, Value]>): Dict {
  const dict = new Dict()
  for (const [name, value] of entries) dict[name] = value
  return dict
}
