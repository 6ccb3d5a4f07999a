import { Dict, isList, Macro, type List, type Run, type Value } from '../value.ts'
import { filter, type FilterTable } from './filter.ts'

const MAX_DEPTH = 64
const MAX_INDENT = 10
const MAX_PIECES = 1_000

function dump(run: Run, value: Value, [spaces]: List): Value {
  return new Writer(run, indentOf(spaces)).write(value)
}

/** Reads the argument as `JSON.stringify` reads its third one. */
function indentOf(spaces: Value): string {
  if (typeof spaces === 'string') return spaces.slice(0, MAX_INDENT)
  if (typeof spaces !== 'number' || !(spaces >= 1)) return ''
  return ' '.repeat(Math.min(MAX_INDENT, Math.floor(spaces)))
}

/** Writes JSON as `JSON.stringify` does, but checks and charges every piece before it creates the next one. */
class Writer {
  readonly #run: Run
  readonly #indent: string
  #text = ''
  #pieces: string[] = []
  #length = 0

  constructor(run: Run, indent: string) {
    this.#run = run
    this.#indent = indent
  }

  /** Returns the JSON text; undefined for undefined and macros, which have no JSON. */
  write(value: Value): Value {
    if (isNothing(value)) return undefined
    this.#value(value, 0)
    return this.#run.chargeOutput(this.#text + this.#pieces.join(''))
  }

  #value(value: Value, depth: number): void {
    if (depth > MAX_DEPTH)
      this.#run.fail(`the input of the filter \`dump\` is nested more than ${MAX_DEPTH} deep`)
    if (isList(value)) this.#list(value, depth)
    else if (value instanceof Dict) this.#dict(value, depth)
    else this.#add(this.#scalar(value))
  }

  #scalar(value: Value): string {
    if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
    if (typeof value === 'boolean') return String(value)
    return typeof value === 'string' ? JSON.stringify(this.#run.chargeInput(value)) : 'null'
  }

  #list(list: List, depth: number): void {
    this.#run.spend(list.length)
    if (list.length === 0) return this.#add('[]')
    this.#add('[')
    for (const [index, item] of list.entries()) {
      this.#separate(index > 0, depth + 1)
      this.#value(item, depth + 1)
    }
    return this.#close(']', depth)
  }

  #dict(dict: Dict, depth: number): void {
    const names = Object.keys(dict).filter((name) => !isNothing(dict[name]))
    this.#run.spend(names.length)
    if (names.length === 0) return this.#add('{}')
    this.#add('{')
    for (const [index, name] of names.entries()) {
      this.#separate(index > 0, depth + 1)
      this.#add(`${this.#scalar(name)}:${this.#indent === '' ? '' : ' '}`)
      this.#value(dict[name], depth + 1)
    }
    return this.#close('}', depth)
  }

  #separate(comma: boolean, depth: number): void {
    if (comma) this.#add(',')
    this.#newLine(depth)
  }

  #close(bracket: string, depth: number): void {
    this.#newLine(depth)
    this.#add(bracket)
  }

  #newLine(depth: number): void {
    if (this.#indent !== '') this.#add(`\n${this.#indent.repeat(depth)}`)
  }

  #add(piece: string): void {
    this.#length += piece.length
    this.#run.checkLength(this.#length)
    // Joined by the thousand, because a text that grows piece by piece takes many times its size.
    if (this.#pieces.push(piece) < MAX_PIECES) return
    this.#text += this.#pieces.join('')
    this.#pieces = []
  }
}

const isNothing = (value: Value): boolean => value === undefined || value instanceof Macro

/** Filters that write JSON. */
export const jsonFilters: FilterTable = {
  dump: filter(dump, 'indent'),
  tojson: filter(dump, 'indent'),
}
