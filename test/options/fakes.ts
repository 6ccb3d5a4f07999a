/** An executor of SQL statements that never runs one. */
export const fakeStore: object = { query: () => Promise.resolve([]), tx: () => Promise.resolve() }
