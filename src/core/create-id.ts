/** A new unique id with a prefix that says what it names: `call_4f0c…`. */
export function newId(prefix: string): string {
  return `${prefix}_${crypto.randomUUID().replaceAll('-', '')}`
}

/** Makes ids for one host, at a tenth of the cost: a random part that they share, and a count. Not to be kept secret. */
export function createIds(prefix: string): () => string {
  let lead: string | undefined
  let count = 0
  return () => {
    lead ??= `${newId(prefix).slice(0, prefix.length + 13)}_`
    return lead + (count++).toString(36)
  }
}
