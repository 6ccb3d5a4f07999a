/** Wait in ms that a reply asks for: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date. */
export function retryAfterOf(
  header: (name: string) => string | undefined,
  epochMs: number,
): number | undefined {
  const exact = Number.parseFloat(header('retry-after-ms') ?? '')
  if (Number.isFinite(exact) && exact >= 0) return Math.round(exact)
  const text = header('retry-after')?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number.parseFloat(text) * 1000)
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - epochMs)
}
