import { describe, test } from 'vitest'
import { createMemoryStore } from '../../src/persistence/memory.ts'
import { chatStoreLaws } from '../../src/testing/index.ts'

describe('the memory store keeps the laws', () => {
  test.each(chatStoreLaws)('$name', ({ check }) => check(createMemoryStore))
})
