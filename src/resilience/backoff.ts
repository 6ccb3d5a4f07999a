/**
 * Returns the wait before a retry in ms: random, below a bound that doubles with every retry (full jitter). `random` returns
 * a number from 0 to 1.
 */
export function backoffMs(
  retry: number,
  { backoffMs: base, maxBackoffMs }: { backoffMs: number; maxBackoffMs: number },
  random: () => number,
): number {
  return random() * Math.min(maxBackoffMs, base * 2 ** retry)
}
