/** Full jitter: a random wait below a bound that doubles with every retry. `random` gives 0 to 1. */
export function backoffMs(
  retry: number,
  { backoffMs: base, maxBackoffMs }: { backoffMs: number; maxBackoffMs: number },
  random: () => number,
): number {
  return random() * Math.min(maxBackoffMs, base * 2 ** retry)
}
