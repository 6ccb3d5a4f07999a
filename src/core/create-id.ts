/** A new random id with a prefix that says what it identifies: `call_4f0c…`. */
export function newId(prefix: string): string {
  return `${prefix}_${crypto.randomUUID().replaceAll('-', '')}`
}

/** Creates a function that makes unique ids of one shared random part and a counter, ten times as fast as {@link newId}. They can be guessed. */
export function createIds(prefix: string): () => string {
  let lead: string | undefined
  let count = 0
  return () => {
    lead ??= `${newId(prefix).slice(0, prefix.length + 13)}_`
    return lead + (count++).toString(36)
  }
}
