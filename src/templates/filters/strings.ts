import { createSearcher } from '../search.ts'
import { numberOf, outputText, textOf } from '../text.ts'
import { Dict, isList, type List, type Run, type Value } from '../value.ts'
import { entriesOf, filter, type FilterTable, textInput } from './filter.ts'

const DEFAULT_WIDTH = 80
const DEFAULT_INDENT = 4
const DEFAULT_LENGTH = 255

function capitalize(run: Run, value: Value): string {
  const text = textInput(run, value).toLowerCase()
  return run.chargeOutput(text.charAt(0).toUpperCase() + text.slice(1))
}

function title(run: Run, value: Value): string {
  const words = textInput(run, value).split(' ')
  run.spend(words.length)
  const capitals = words.map((word) => {
    const lower = word.toLowerCase()
    return lower.charAt(0).toUpperCase() + lower.slice(1)
  })
  return run.chargeOutput(capitals.join(' '))
}

/** Returns blanks, rounding their number up. Checks the length before it creates the text. */
function blanks(run: Run, count: number): string {
  const whole = Math.ceil(count)
  if (!(whole > 0)) return ''
  run.checkLength(whole)
  return run.chargeOutput(' '.repeat(whole))
}

function center(run: Run, value: Value, [wanted]: List): string {
  const text = textInput(run, value)
  const width = wanted ? numberOf(run, wanted) : DEFAULT_WIDTH
  const length = lengthOf(value)
  if (length >= width) return text
  const space = width - length
  return run.chargeOutput(blanks(run, space / 2 - (space % 2)) + text + blanks(run, space / 2))
}

// Like in nunjucks, a value that is neither text nor list has no length and is not centred.
function lengthOf(value: Value): number {
  if (typeof value === 'string' || isList(value)) return value.length
  return value === undefined || value === null || value === false ? 0 : Number.NaN
}

function indent(run: Run, value: Value, [wanted, first]: List): string {
  const text = textInput(run, value)
  if (text === '') return ''
  const lines = text.split('\n')
  run.spend(lines.length)
  const margin = blanks(run, wanted ? numberOf(run, wanted) : DEFAULT_INDENT)
  run.checkLength(text.length + margin.length * lines.length)
  return run.chargeOutput((first ? margin : '') + lines.join(`\n${margin}`))
}

function replace(run: Run, value: Value, [old, given, limit]: List): Value {
  const wanted = typeof old === 'number' ? String(old) : old
  if ((typeof value !== 'string' && typeof value !== 'number') || typeof wanted !== 'string') return value
  const text = textInput(run, value)
  const by = textOf(run, given)
  if (wanted === '') return surround(run, text, by)
  const search = createSearcher(run, wanted)
  const most = limit === undefined || limit === -1 ? Number.POSITIVE_INFINITY : numberOf(run, limit)
  let found = limit === 0 ? -1 : search(text, 0)
  if (found < 0) return text
  let made = ''
  let from = 0
  for (let count = 0; found >= 0 && count < most; count++) {
    run.spend(1)
    made = run.checked(made + text.slice(from, found) + by)
    from = found + wanted.length
    found = search(text, from)
  }
  return run.chargeOutput(made + text.slice(from))
}

/** Inserts `by` before, between and after all characters, because the empty text matches at each of these places. */
function surround(run: Run, text: string, by: string): string {
  run.spend(text.length)
  run.checkLength(text.length + by.length * (text.length + 1))
  return run.chargeOutput(by + text.split('').join(by) + by)
}

function truncate(run: Run, value: Value, [wanted, cutsWords, ending]: List): Value {
  const length = wanted ? numberOf(run, wanted) : DEFAULT_LENGTH
  if (isList(value) && value.length <= length) return value
  const text = textInput(run, value)
  if (text.length <= length) return text
  const space = cutsWords ? -1 : text.lastIndexOf(' ', length)
  const cut = text.slice(0, Math.max(0, space < 0 ? length : space))
  return run.chargeOutput(cut + (ending === undefined ? '...' : outputText(run, ending ?? '...')))
}

function urlencode(run: Run, value: Value): string {
  if (typeof value === 'string') return encode(run, value)
  const pairs = isList(value) ? value : value instanceof Dict ? entriesOf(run, value) : []
  run.spend(pairs.length)
  let text = ''
  for (const [index, pair] of pairs.entries()) {
    if (!isList(pair) && typeof pair !== 'string')
      run.fail('the filter `urlencode` needs a text, a dict or a list of pairs')
    text += `${index > 0 ? '&' : ''}${encode(run, textOf(run, pair[0]))}=${encode(run, textOf(run, pair[1]))}`
    run.checkLength(text.length)
  }
  return run.chargeOutput(text)
}

function encode(run: Run, value: string): string {
  const text = run.chargeInput(value)
  if (!text.isWellFormed()) run.fail('the input of the filter `urlencode` has an unpaired surrogate')
  return run.chargeOutput(encodeURIComponent(text))
}

function wordcount(run: Run, value: Value): Value {
  const words = value ? textInput(run, value).match(/\w+/g) : null
  if (words === null) return null
  run.spend(words.length)
  return words.length
}

/** Filters on texts. */
export const stringFilters: FilterTable = {
  capitalize: filter(capitalize),
  center: filter(center, 'width'),
  indent: filter(indent, 'width', 'first'),
  lower: filter((run, value) => run.chargeOutput(textInput(run, value).toLowerCase())),
  nl2br: filter((run, value) => run.chargeOutput(textInput(run, value).replaceAll(/\r?\n/g, '<br />\n'))),
  replace: filter(replace, 'old', 'new', 'count'),
  string: filter((run, value) => run.chargeOutput(outputText(run, value))),
  title: filter(title),
  trim: filter((run, value) => textInput(run, value).trim()),
  truncate: filter(truncate, 'length', 'killwords', 'end'),
  upper: filter((run, value) => run.chargeOutput(textInput(run, value).toUpperCase())),
  urlencode: filter(urlencode),
  wordcount: filter(wordcount),
}
