/**
 * Wait in ms that a reply asks for: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date. Of several values, which
 * proxies join, the longest.
 */
export function retryAfterOf(
  header: (name: string) => string | undefined,
  epochMs: number,
): number | undefined {
  const exact = Math.max(...(header('retry-after-ms') ?? 'none').split(',').map(Number.parseFloat))
  if (Number.isFinite(exact) && exact >= 0) return Math.round(exact)
  // A date has a comma after its day.
  const values = header('retry-after')?.match(/[a-z]+, [^,]+|[^,]+/gi) ?? []
  const waits = values.map((value) =>
    /^\s*\d+(\.\d+)?s?\s*$/.test(value) ? Number.parseFloat(value) * 1000 : Date.parse(value) - epochMs,
  )
  const known = waits.filter(Number.isFinite)
  return known.length === 0 ? undefined : Math.round(Math.max(0, ...known))
}
