import { describe, test } from 'vitest'
import { chatStoreLaws } from 'llm-switchyard/testing'
import { createDocumentStore } from '../../examples/document-store/store.ts'
import { createDocumentDatabase } from './document-database.ts'

describe('the example of a document store keeps the laws', () => {
  const database = createDocumentDatabase()
  test.each(chatStoreLaws)('$name', ({ check }) => check(() => createDocumentStore(database)))
})
