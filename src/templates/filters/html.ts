import { outputText } from '../text.ts'
import type { List, Run, Value } from '../value.ts'
import { filter, type FilterTable, textInput } from './filter.ts'

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['\\', '&#92;'],
])

function escape(run: Run, value: Value): string {
  const text = run.chargeInput(outputText(run, value))
  return run.chargeOutput(text.replaceAll(/[&"'<>\\]/g, (character) => ENTITIES.get(character) ?? character))
}

const safe = (run: Run, value: Value): string => run.chargeOutput(outputText(run, value))

function striptags(run: Run, value: Value, [keepsLines]: List): string {
  const text = withoutTags(run, textInput(run, value)).trim()
  const clean = keepsLines ? squeezeLines(run, text) : text.replaceAll(/\s+/g, ' ')
  return run.chargeOutput(clean)
}

/** Removes tags and comments from a text in one pass. */
function withoutTags(run: Run, text: string): string {
  let kept = ''
  let from = 0
  let noMoreTags = false
  let noMoreComments = false
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    run.spend(1)
    const isComment = text.startsWith('<!--', at)
    const isTag = !isComment && startsTag(text, at)
    // After one failed search for an end there is no second one, because each would read the rest of the text.
    let end = -1
    if (isTag && !noMoreTags) noMoreTags = (end = text.indexOf('>', at)) < 0
    if (isComment && !noMoreComments) noMoreComments = (end = text.indexOf('-->', at + 4)) < 0
    if (end < 0) at++
    else {
      kept += text.slice(from, at)
      at = from = end + (isComment ? 3 : 1)
    }
  }
  return kept + text.slice(from)
}

/** Whether a tag starts here: `<` or `</`, a letter, then letters and digits that no underscore follows. */
function startsTag(text: string, start: number): boolean {
  let at = text[start + 1] === '/' ? start + 2 : start + 1
  if (!isLetter(text.charCodeAt(at))) return false
  while (isLetter(text.charCodeAt(at)) || isDigit(text.charCodeAt(at))) at++
  return text[at] !== '_'
}

const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** Trims lines, collapses blanks, and leaves at most one empty line in a row. */
function squeezeLines(run: Run, text: string): string {
  const lines = text.split(/([\n\r\u2028\u2029])/)
  run.spend(lines.length)
  const stripped = lines.map((line) => stripBlanks(line)).join('')
  return stripped
    .replaceAll(/ +/g, ' ')
    .replaceAll('\r\n', '\n')
    .replaceAll(/\n\n\n+/g, '\n\n')
}

function stripBlanks(line: string): string {
  let [start, end] = [0, line.length]
  while (line[start] === ' ') start++
  while (end > start && line[end - 1] === ' ') end--
  return line.slice(start, end)
}

/** Filters on markup. Texts carry no "safe" mark, so every `escape` escapes again. */
export const htmlFilters: FilterTable = {
  e: filter(escape),
  escape: filter(escape),
  forceescape: filter(escape),
  safe: filter(safe),
  striptags: filter(striptags, 'preserve_linebreaks'),
}
