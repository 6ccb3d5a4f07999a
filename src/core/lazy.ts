/** A value, or a function that loads it. */
export type Loadable<T extends object> = T | (() => T | Promise<T>)

/** Returns a value, or loads it. */
export function loaded<T extends object>(value: Loadable<T>): T | Promise<T> {
  return typeof value === 'function' ? value() : value
}

/** Makes a function that loads a module: it returns a promise at first, and later the module. A failed load is repeated. */
export function lazy<T>(load: () => Promise<T>): () => T | Promise<T> {
  let held: T | Promise<T> | undefined
  const keep = (module: T): T => (held = module)
  const fail = (error: unknown): never => {
    held = undefined
    throw error
  }
  return () => (held ??= load().then(keep, fail))
}
