import type {
  CollectionName,
  Document,
  DocumentCollection,
  DocumentDatabase,
  Filter,
  FindOptions,
} from '../../examples/document-store/database.ts'

type Rows = ReadonlyMap<string, Document>
type State = Readonly<Record<CollectionName, Rows>>

/** A document database in memory with the operators that the example uses, and transactions one after the other. */
export function createDocumentDatabase(): DocumentDatabase {
  const none: Rows = new Map()
  let committed: State = { conversations: none, messages: none, reactions: none, parts: none, usage: none }
  let working: State | undefined
  let last: Promise<unknown> = Promise.resolve()
  const stateOf = (session: object | undefined): State =>
    session === undefined ? committed : (working ?? committed)
  return {
    collection: (name) =>
      collection(
        (session) => stateOf(session)[name],
        (rows) => {
          if (working === undefined) throw new Error('the store writes in transactions only')
          working = { ...working, [name]: rows }
        },
      ),
    transaction: (work) => {
      const turn = last.then(async () => {
        working = committed
        try {
          const result = await work({})
          committed = working
          return result
        } finally {
          working = undefined
        }
      })
      last = turn.catch(() => undefined)
      return turn
    },
  }
}

function collection(rowsFor: (session?: object) => Rows, save: (rows: Rows) => void): DocumentCollection {
  const match = (filter: Filter, { session, sort, skip = 0, limit }: FindOptions): Document[] => {
    const found = [...rowsFor(session).values()].filter((row) => fits(row, filter))
    const sorted = sort === undefined ? found : found.toSorted((a, b) => order(a, b, sort))
    return sorted.slice(skip, limit === undefined ? undefined : skip + limit)
  }
  const change = (found: readonly Document[], update: object, session: object | undefined): number => {
    const next = new Map(rowsFor(session))
    for (const row of found) next.set(row._id, changed(row, update))
    save(next)
    return found.length
  }
  return {
    findOne: async (filter, options) => match(filter, options)[0] ?? null,
    find: (filter, options) => ({ toArray: async () => match(filter, options) }),
    countDocuments: async (filter, options) => match(filter, options).length,
    insertMany: async (documents, { session }) => {
      const next = new Map(rowsFor(session))
      for (const document of documents) {
        if (next.has(document._id)) throw Object.assign(new Error('duplicate'), { code: 11_000 })
        next.set(document._id, structuredClone(document))
      }
      save(next)
    },
    updateOne: async (filter, update, { session, upsert = false }) => {
      const found = match(filter, { session, limit: 1 })
      const made = found.length === 0 && upsert ? [{ _id: String(filter['_id']) }] : found
      return { modifiedCount: change(made, update, session) }
    },
    updateMany: async (filter, update, { session }) => ({
      modifiedCount: change(match(filter, { session }), update, session),
    }),
    deleteMany: async (filter, { session }) => {
      const found = match(filter, { session })
      const gone = new Set(found.map(({ _id }) => _id))
      save(new Map([...rowsFor(session)].filter(([id]) => !gone.has(id))))
      return { deletedCount: gone.size }
    },
  }
}

function fits(row: Document, filter: Filter): boolean {
  return Object.entries(filter).every(([field, asked]) => {
    if (field === '$and') return (asked as Filter[]).every((one) => fits(row, one))
    if (field === '$or') return (asked as Filter[]).some((one) => fits(row, one))
    const held = row[field] ?? null
    const values = Array.isArray(held) ? (held as unknown[]) : [held]
    if (typeof asked !== 'object' || asked === null) return values.includes(asked)
    return Object.entries(asked).every(([operator, operand]) => holds(values, operator, operand))
  })
}

function holds(values: readonly unknown[], operator: string, operand: unknown): boolean {
  switch (operator) {
    case '$in':
      return values.some((value) => (operand as unknown[]).includes(value))
    case '$nin':
      return !values.some((value) => (operand as unknown[]).includes(value))
    case '$ne':
      return !values.includes(operand)
    case '$gt':
      return values.some((value) => (value as number) > (operand as number))
    case '$lt':
      return values.some((value) => (value as number) < (operand as number))
    case '$regex':
      return values.some((value) => typeof value === 'string' && new RegExp(String(operand), 'u').test(value))
    default:
      throw new Error(`no operator ${operator}`)
  }
}

function order(a: Document, b: Document, sort: Readonly<Record<string, 1 | -1>>): number {
  for (const [field, direction] of Object.entries(sort)) {
    const [left, right] = [a[field] as number, b[field] as number]
    if (left !== right) return left < right ? -direction : direction
  }
  return 0
}

type Update = Partial<Record<'$set' | '$inc' | '$max', Readonly<Record<string, unknown>>>>

function changed(row: Document, { $set = {}, $inc = {}, $max = {} }: Update): Document {
  const next: Record<string, unknown> = structuredClone({ ...row, ...$set })
  for (const [path, value] of Object.entries($inc)) {
    const [field = '', inner] = path.split('.')
    if (inner === undefined) next[field] = Number(next[field] ?? 0) + Number(value)
    else {
      const held = (next[field] ?? {}) as Record<string, number>
      next[field] = { ...held, [inner]: (held[inner] ?? 0) + Number(value) }
    }
  }
  for (const [field, value] of Object.entries($max))
    next[field] = Math.max(Number(next[field] ?? -Infinity), Number(value))
  return next as Document
}
