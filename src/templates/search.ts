import type { Run } from './value.ts'

// `indexOf` takes quadratic time for needles longer than about 250 characters.
const NATIVE_NEEDLE = 100

/** Returns the position of the next occurrence at or after `from`, or -1. */
export type Searcher = (text: string, from: number) => number

/** Creates a search for `needle` in linear time. Charges the characters that it reads to the run. */
export function createSearcher(run: Run, needle: string): Searcher {
  run.chargeRead(needle)
  const find = needle.length > NATIVE_NEEDLE ? knuthMorrisPratt(needle) : nativeSearch(needle)
  return (text, from) => {
    const found = needle.length > text.length - from ? -1 : find(text, from)
    run.charge(found < 0 ? text.length - from : found - from + needle.length)
    return found
  }
}

function nativeSearch(needle: string): Searcher {
  return (text, from) => text.indexOf(needle, from)
}

function knuthMorrisPratt(needle: string): Searcher {
  const borders = bordersOf(needle)
  return (text, from) => {
    let matched = 0
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      while (matched > 0 && needle.charCodeAt(matched) !== code) matched = borders[matched - 1] ?? 0
      if (needle.charCodeAt(matched) === code) matched++
      if (matched === needle.length) return at - matched + 1
    }
    return -1
  }
}

/** Returns the length of the longest proper border of each prefix of the needle. */
function bordersOf(needle: string): Int32Array {
  const borders = new Int32Array(needle.length)
  let length = 0
  for (let at = 1; at < needle.length; at++) {
    while (length > 0 && needle.charCodeAt(at) !== needle.charCodeAt(length))
      length = borders[length - 1] ?? 0
    if (needle.charCodeAt(at) === needle.charCodeAt(length)) length++
    borders[at] = length
  }
  return borders
}
