/** A new unique id with a prefix that says what it names: `call_4f0c…`. */
export function newId(prefix: string): string {
  return `${prefix}_${crypto.randomUUID().replaceAll('-', '')}`
}
