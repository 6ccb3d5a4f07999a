/** Returns a function that always returns the same number from 0 to 1 (exclusive) for one text. */
export function drawOf(text: string): () => number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  const draw = ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
  return () => draw
}
