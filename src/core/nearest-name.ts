// A swap of neighbours is the likelier slip than another letter.
const SWAP = 0.9
// Longest name that is compared: no known one is longer.
const MAX_NAME = 60
// Units at the end of names: `after` and `afterSeconds` both mean `afterMs`.
const UNIT = /(?:millis(?:econds)?|seconds?|secs?|minutes?|bytes|usd|ms|s)$/

/** The name of `known` that a misspelt `name` most likely means. Ignores case, separators and units. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_NAME) return undefined
  const wanted = letters(name)
  const stem = wanted.replace(UNIT, '')
  let nearest: string | undefined
  let least = Infinity
  for (const candidate of known) {
    const other = letters(candidate)
    const exact = distance(wanted, other)
    const bare = other.replace(UNIT, '')
    const cost = stem !== '' && stem === bare ? Math.min(1, exact) : Math.min(exact, distance(stem, bare) + 1)
    const third = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3))
    const allowed = Math.min(third, Math.min(wanted.length, other.length) - 1)
    // A name of which one is the beginning or the end of the other comes after all close spellings.
    const rank = cost <= allowed ? cost : isPart(stem, bare) ? 100 + exact : Infinity
    if (rank < least) [nearest, least] = [candidate, rank]
  }
  return nearest
}

function letters(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase()
}

function isPart(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return short.length >= 4 && (long.startsWith(short) || long.endsWith(short))
}

/** Number of letters to insert, remove, replace or swap with their neighbour. */
function distance(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replace = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      const best = Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      next[j] = isSwap ? Math.min(best, (before[j - 2] ?? 0) + SWAP) : best
    }
    before = row
    row = next
  }
  return row[other.length] ?? 0
}
