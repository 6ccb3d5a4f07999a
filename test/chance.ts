/** Random numbers from 0 to 1 that a seed repeats. */
export function chance(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) / 0x7fffffff
}
