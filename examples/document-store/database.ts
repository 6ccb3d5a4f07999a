/** What is used of a document database; a `Db` and `ClientSession` of the package mongodb fit behind it. */
export interface DocumentDatabase {
  collection(name: CollectionName): DocumentCollection
  /** Runs `work` in one transaction, again where another one was in its way (`session.withTransaction`). */
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

/** The part of a collection's methods that the store needs. */
export interface DocumentCollection {
  findOne(filter: Filter, options: FindOptions): Promise<Document | null>
  find(filter: Filter, options: FindOptions): { toArray(): Promise<Document[]> }
  countDocuments(filter: Filter, options: FindOptions): Promise<number>
  insertMany(documents: Document[], options: FindOptions): Promise<unknown>
  /** With `$set`, `$inc` and `$max`. */
  updateOne(
    filter: Filter,
    update: object,
    options: FindOptions & { upsert?: boolean },
  ): Promise<{ modifiedCount: number }>
  updateMany(filter: Filter, update: object, options: FindOptions): Promise<{ modifiedCount: number }>
  deleteMany(filter: Filter, options: FindOptions): Promise<{ deletedCount: number }>
}

/** The indexes that the store expects: unique ones keep what must be unique, `history` makes a window cheap. */
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
