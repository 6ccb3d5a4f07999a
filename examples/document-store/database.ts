/** The methods of a document database that the store uses. A `Db` and a `ClientSession` of the package mongodb provide them. */
export interface DocumentDatabase {
  collection(name: CollectionName): DocumentCollection
  /** Runs `work` in a transaction and retries it on a write conflict, like `session.withTransaction`. */
  transaction<T>(work: (session: object) => Promise<T>): Promise<T>
}

export type CollectionName = 'conversations' | 'messages' | 'reactions' | 'parts' | 'usage'

/** A document: plain JSON, with `_id` unique in its collection. */
export interface Document {
  readonly _id: string
  readonly [field: string]: unknown
}

export type Filter = Readonly<Record<string, unknown>>

export interface FindOptions {
  readonly session?: object | undefined
  readonly sort?: Readonly<Record<string, 1 | -1>> | undefined
  readonly skip?: number | undefined
  readonly limit?: number | undefined
}

/** The methods of a collection that the store uses. */
export interface DocumentCollection {
  findOne(filter: Filter, options: FindOptions): Promise<Document | null>
  find(filter: Filter, options: FindOptions): { toArray(): Promise<Document[]> }
  countDocuments(filter: Filter, options: FindOptions): Promise<number>
  insertMany(documents: Document[], options: FindOptions): Promise<unknown>
  /** Applies `$set`, `$inc` and `$max`. */
  updateOne(
    filter: Filter,
    update: object,
    options: FindOptions & { upsert?: boolean },
  ): Promise<{ modifiedCount: number }>
  updateMany(filter: Filter, update: object, options: FindOptions): Promise<{ modifiedCount: number }>
  deleteMany(filter: Filter, options: FindOptions): Promise<{ deletedCount: number }>
}

/** The indexes that the store requires. Unique ones prevent duplicates; `history` makes reading the newest messages cheap. */
export const indexes: Readonly<Record<CollectionName, readonly object[]>> = {
  conversations: [
    { key: { requestKey: 1 }, unique: true, partialFilterExpression: { requestKey: { $type: 'string' } } },
    { key: { participants: 1, lastActivityAt: -1, _id: -1 } },
    { key: { orgId: 1, lastActivityAt: -1 } },
  ],
  messages: [
    { key: { requestKey: 1 }, unique: true, partialFilterExpression: { requestKey: { $type: 'string' } } },
    { key: { conversationId: 1, sequence: 1 }, unique: true },
    { key: { conversationId: 1, shown: 1, sequence: -1 }, name: 'history' },
    { key: { conversationId: 1, parentId: 1, sequence: 1 } },
    { key: { words: 1 } },
  ],
  reactions: [{ key: { conversationId: 1, messageId: 1, place: 1 } }],
  parts: [{ key: { conversationId: 1, type: 1, place: 1 } }],
  usage: [],
}
